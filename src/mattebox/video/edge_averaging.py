"""Soft edges at full size, averaged along the motion with those of the frames before and after.

Edges are found in each frame anew, and its noise decides where they lie: on a still shot most of the flicker that is
left comes from there. A neighbour counts at a pixel where going there and back ends at the same place, and where it
shows the same colour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from mattebox.core.channel_extremes import largest_channel
from mattebox.core.connected_components import dilate
from mattebox.matting.tile_batches import partial_mask
from mattebox.types import Floats, Picture
from mattebox.video.bilinear_sampling import SamplePlaces, find_places, sample_pixels, sample_plane
from mattebox.video.frame_cutout import RefinedFrame
from mattebox.video.matte_averaging import grid_places
from mattebox.video.motion import MotionPair

NEIGHBOUR_WEIGHT = np.float32(0.8)  # relative to the frame's own
ROUND_TRIP_SAMPLES = np.float32(0.5)  # of error, on half the network's grid, at which trust has fallen to 1/e
COLOUR_DIFFERENCE = np.float32(0.06)  # of colours 0..1, the same
SETTLED_MARGIN = np.float32(0.5 / 255)  # alpha this near to 0 or 1 is 0 or 1, at any depth
MARGIN_PIXELS = 1  # around soft pixels


@dataclass
class EdgeAverage:
    """Takes frames one by one (`push`) and returns those that are finished, one later, in order.

    Attributes
    ----------
    segment_frames : int, optional
        Length of segments that must not depend on frames before them.
    """

    segment_frames: int | None = None
    _frames: deque[RefinedFrame] = field(default_factory=deque)  # the last finished one as it was, and the one after it
    _has_before: bool = False

    def push(self, frame: RefinedFrame) -> list[RefinedFrame]:
        """Take the next frame, and return those that are finished."""
        starts_segment = self.segment_frames is not None and frame.coarse.index % self.segment_frames == 0
        finished = self.flush() if starts_segment or frame.coarse.motion is None else []
        self._frames.append(frame)
        if len(self._frames) > 1 + self._has_before:
            finished.append(self._finish(frame))
        return finished

    def flush(self) -> list[RefinedFrame]:
        """The rest; nothing that follows counts for them."""
        finished = [self._finish(None)] if len(self._frames) > self._has_before else []
        self._frames.clear()
        self._has_before = False
        return finished

    def _finish(self, after: RefinedFrame | None) -> RefinedFrame:
        before = self._frames[0] if self._has_before else None
        frame = self._frames[int(self._has_before)]
        if before is not None:
            self._frames.popleft()
        self._has_before = True
        return average_edges(frame, before, after)


def average_edges(frame: RefinedFrame, before: RefinedFrame | None, after: RefinedFrame | None) -> RefinedFrame:
    """The frame with its soft edges averaged with those of its neighbours, as far as they are there."""
    picture, alpha, shape = frame.coarse.picture, frame.matte.alpha, frame.matte.shape
    is_soft = dilate(partial_mask(alpha, picture.bit_depth.peak), MARGIN_PIXELS)
    rows, columns = np.divmod(np.flatnonzero(is_soft), shape[1])  # several times as fast as nonzero
    own = alpha[rows, columns]
    total, weights = own.astype(np.float32), np.ones(len(rows), np.float32)
    colours = picture.rgb[rows, columns]
    for neighbour, motion in _iter_neighbours(frame, before, after):
        if neighbour.matte.shape != shape:
            continue
        grid = grid_places(rows, columns, shape, (motion[0].shape[0], motion[0].shape[1]))
        there, error = _follow(motion, grid, rows, columns, shape)
        shown = sample_pixels(neighbour.coarse.picture.rgb, there)
        weight = NEIGHBOUR_WEIGHT * np.exp(-error) * _likeness(colours, shown, picture)
        total += weight * sample_pixels(neighbour.matte.alpha, there)[:, 0]
        weights += weight
    averaged, peak = alpha.copy(), picture.bit_depth.peak
    means = total / weights
    means[means < SETTLED_MARGIN * peak] = 0
    means[means > (1 - SETTLED_MARGIN) * peak] = peak
    averaged[rows, columns] = np.rint(means)
    return replace(frame, matte=replace(frame.matte, alpha=averaged))


def _iter_neighbours(
    frame: RefinedFrame, before: RefinedFrame | None, after: RefinedFrame | None
) -> Iterator[tuple[RefinedFrame, MotionPair]]:
    """The frames before and after, each with the motion to it and back."""
    if before is not None and frame.coarse.motion is not None:
        yield before, frame.coarse.motion
    if after is not None and after.coarse.motion is not None:
        yield after, after.coarse.motion[::-1]


def _follow(
    motion: MotionPair, grid: SamplePlaces, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> tuple[SamplePlaces, Floats]:
    """Where a motion leads from pixels, and how far going back ends from them (squared, in units of trust)."""
    height, width = motion[0].shape[:2]
    x, y = (sample_plane(motion[0][..., axis], grid) for axis in range(2))
    across, down = columns.astype(np.float32), rows.astype(np.float32)
    places = find_places(across + x * np.float32(shape[1] / width), down + y * np.float32(shape[0] / height), shape)
    grid_x = (across + np.float32(0.5)) * np.float32(width / shape[1]) - np.float32(0.5) + x
    grid_y = (down + np.float32(0.5)) * np.float32(height / shape[0]) - np.float32(0.5) + y
    back = find_places(grid_x, grid_y, (height, width))
    x += sample_plane(motion[1][..., 0], back)
    y += sample_plane(motion[1][..., 1], back)
    x, y = x / ROUND_TRIP_SAMPLES, y / ROUND_TRIP_SAMPLES
    return places, x * x + y * y


def _likeness(colours: np.ndarray, shown: np.ndarray, picture: Picture) -> Floats:
    """How alike colours are, 0..1, by the channel that differs most."""
    difference = np.abs(shown - colours) * np.float32(1 / picture.bit_depth.peak)
    largest = largest_channel(difference) / COLOUR_DIFFERENCE
    likeness: Floats = np.exp(-largest * largest)
    return likeness
