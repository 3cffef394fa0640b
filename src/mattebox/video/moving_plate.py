"""What lies behind the subject of a shot whose camera moves: a plate in coordinates of its own.

Each frame is registered with the plate: the camera's motion (`camera_motion`) leads to where it lies, and least squares
on the brightness of the background corrects that (Lucas & Kanade, 1981), so that errors do not add up. Where neither is
certain the plate ends. Otherwise it is learned and used as that of a still shot (`background_plate`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, Mask, Pixels
from mattebox.video.bilinear_sampling import SamplePlaces, find_places, sample_pixels
from mattebox.video.camera_motion import IDENTITY, Affine, compose, estimate_camera_motion, invert, map_points
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.plate_means import CHUNK_PIXELS, forget_contradicted, update_means
from mattebox.video.plate_measures import (
    MIN_SAMPLES,
    SAME_NOISES,
    PlateFit,
    clear_background,
    enlarge_core,
    has_moved,
    measure_distance,
    measure_fit,
    measure_gain,
    take_levels,
)
from mattebox.video.plate_registration import register

MARGIN_SHARE = 1 / 8  # of the frame's sides, beyond each of them
MAX_DEFORMATION = 0.25  # of the map between the plate and a frame, from which on another plate begins
EDGE_PIXELS = 2  # around the subject, that are not learned
SAMPLE_STEP = 8  # pixels between the samples by which a frame is compared with the plate
RING_STEP, RING_SAMPLES = 4, 4  # where noise and light are measured, around the subject
MAX_NOISE = 5.0  # levels of 255
MAX_CHANGED_SHARE = 0.15  # of samples that are known: sharp edges between pixels are among them
LEARNING_RATES = ((3, 1), (8, 4), (32, 255))  # one of so many rows is learned, where fewer frames than these were


class KnownPixels(NamedTuple):
    """Which of N pixels the plate knows, and their colours in levels 0..255."""

    chosen: NDArray[np.intp]
    colours: Floats


class MovingPlate:
    """The plate of a scene, from its first frame on, in that frame's coordinates."""

    def __init__(self, first: CoarseMatte, alpha: Pixels) -> None:
        height, width = first.picture.shape
        self._margin = round(height * MARGIN_SHARE), round(width * MARGIN_SHARE)
        shape = height + 2 * self._margin[0], width + 2 * self._margin[1]
        self._colours, self._counts = np.zeros((*shape, 3), np.uint16), np.zeros(shape, np.uint8)
        self._corner = -self._margin[1], -self._margin[0]  # coordinates (x, y) of the first pixel
        self._last_place, self._frame_count = IDENTITY, 0
        self._learn(first, alpha, IDENTITY, np.ones(3, np.float32))

    def learn(self, frame: CoarseMatte, alpha: Pixels, *, is_certain: bool = True) -> Affine | None:
        """Take the background of the next frame, given its alpha at full size and whether that is certain.

        Returns
        -------
        2 x 3 float64 or None
            The map from its pixels to the plate's coordinates; None where it is not certain: the plate is of no use for
            this frame and those that follow.
        """
        camera = estimate_camera_motion(frame)
        if camera is None:
            return None
        place = compose(self._last_place, camera)
        if np.abs(place[:, :2] - np.eye(2)).max() > MAX_DEFORMATION:
            return None
        self._follow(place, frame.picture.shape)
        x, y, shown = self._take_samples(frame, alpha)
        place = register(place, x, y, shown, self._look_up)
        known = self._look_up(*map_points(place, x, y))
        if has_moved(known.colours, shown[known.chosen], MAX_CHANGED_SHARE):
            return None
        self._last_place = place
        if is_certain:
            self._learn(frame, alpha, place, measure_gain(known.colours, shown[known.chosen]))
        return place

    def remove_background(self, frame: CoarseMatte, alpha: Pixels, place: Affine) -> Pixels:
        """The alpha of a frame without what the plate shows to be background; see `BackgroundPlate`."""
        fit = self._fit(frame, alpha, place)
        if fit is None:
            return alpha
        is_core = enlarge_core(frame.alpha, alpha.shape)
        self._forget_contradicted(frame, is_core, place, fit)
        places = np.flatnonzero((alpha > 0) & ~is_core)
        known = self._look_up(*self._map_pixels(place, places, alpha.shape[1]))
        places = places.take(known.chosen)
        shown = take_levels(frame.picture, frame.picture.rgb.reshape(-1, 3).take(places, axis=0))
        return clear_background(alpha, places, measure_distance(known.colours, shown, fit))

    def _follow(self, place: Affine, shape: tuple[int, int]) -> None:
        """Move the plate's array by whole pixels where a frame reaches beyond it, so that it lies in the middle."""
        x, y = _map_corners(place, shape)
        moved = []
        for points, corner, side, margin in zip(
            (x, y), self._corner, self._counts.shape[::-1], self._margin[::-1], strict=True
        ):
            is_inside = corner <= points.min() and points.max() <= corner + side - 1
            moved.append(0 if is_inside else int(np.floor(points.min())) - margin - corner)
        if any(moved):
            self._colours, self._counts = (_shift(plane, *moved) for plane in (self._colours, self._counts))
            self._corner = self._corner[0] + moved[0], self._corner[1] + moved[1]

    def _look_up(self, x: Floats, y: Floats) -> KnownPixels:
        """What the plate knows at places, bilinear between four known pixels."""
        height, width = self._counts.shape
        x, y = x - np.float32(self._corner[0]), y - np.float32(self._corner[1])
        inside = np.flatnonzero((x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1))
        places = find_places(x.take(inside), y.take(inside), (height, width))
        counts, corner = self._counts.ravel(), places.corner
        is_known = counts.take(corner) > 0
        for step in (1, width, width + 1):
            is_known &= counts.take(corner + step) > 0
        places = SamplePlaces(corner[is_known], places.right[is_known], places.below[is_known], 1, width)
        colours: Floats = sample_pixels(self._colours, places) * np.float32(1 / 257)
        return KnownPixels(inside[is_known], colours)

    def _map_pixels(self, place: Affine, places: NDArray[np.intp], width: int) -> tuple[Floats, Floats]:
        rows, columns = np.divmod(places, width)
        return map_points(place, columns.astype(np.float32), rows.astype(np.float32))

    def _take_samples(self, frame: CoarseMatte, alpha: Pixels) -> tuple[Floats, Floats, Floats]:
        """Columns, rows and levels of samples of a frame's background."""
        step = slice(None, None, SAMPLE_STEP)
        is_background = ~dilate(alpha[step, step] > 0, 1)
        rows, columns = np.nonzero(is_background)
        shown = take_levels(frame.picture, frame.picture.rgb[step, step][is_background])
        return (columns * SAMPLE_STEP).astype(np.float32), (rows * SAMPLE_STEP).astype(np.float32), shown

    def _learn(self, frame: CoarseMatte, alpha: Pixels, place: Affine, gain: Floats) -> None:
        """Take a frame's background into the means of those pixels of the plate that are due."""
        self._frame_count += 1
        height, width = alpha.shape
        due = self._find_due(place, (height, width))
        is_background, back = ~dilate(alpha > 0, EDGE_PIXELS), invert(place)
        for start in range(0, len(due), CHUNK_PIXELS):
            places = due[start : start + CHUNK_PIXELS]
            rows, columns = np.divmod(places, self._counts.shape[1])
            x, y = map_points(
                back, (columns + self._corner[0]).astype(np.float32), (rows + self._corner[1]).astype(np.float32)
            )
            inside = np.flatnonzero((x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1))
            found = find_places(x.take(inside), y.take(inside), (height, width))
            chosen = is_background.ravel().take(found.corner)
            found = SamplePlaces(found.corner[chosen], found.right[chosen], found.below[chosen], 1, width)
            shown = take_levels(frame.picture, sample_pixels(frame.picture.rgb, found)) / gain
            update_means(self._colours, self._counts, places.take(inside[chosen]), shown)

    def _find_due(self, place: Affine, shape: tuple[int, int]) -> NDArray[np.intp]:
        """The plate's pixels that a frame may show, and that are due to be learned from it."""
        columns, rows = (
            slice(max(0, int(points.min()) - corner), max(0, int(points.max()) + 2 - corner))
            for points, corner in zip(_map_corners(place, shape), self._corner, strict=True)
        )
        is_due = np.zeros(self._counts.shape, bool)
        for every, most in LEARNING_RATES if self._frame_count > 1 else ((1, 1),):
            part = slice(rows.start + (self._frame_count - rows.start) % every, rows.stop, every), columns
            is_due[part] |= self._counts[part] < most
        return np.flatnonzero(is_due)

    def _fit(self, frame: CoarseMatte, alpha: Pixels, place: Affine) -> PlateFit | None:
        """Gain and noise in the background around the subject; None where the plate does not fit."""
        step = slice(None, None, RING_STEP)
        is_subject = alpha[step, step] > 0
        rows, columns = np.nonzero(dilate(is_subject, RING_SAMPLES) & ~dilate(is_subject, 1))
        rows, columns = rows * RING_STEP, columns * RING_STEP
        known = self._look_up(*map_points(place, columns.astype(np.float32), rows.astype(np.float32)))
        if len(known.chosen) < MIN_SAMPLES:
            return None
        shown = take_levels(frame.picture, frame.picture.rgb[rows[known.chosen], columns[known.chosen]])
        return measure_fit(known.colours, shown, MAX_NOISE)

    def _forget_contradicted(self, frame: CoarseMatte, is_core: Mask, place: Affine, fit: PlateFit) -> None:
        """Forget the blocks, and those around them, in which the subject's certain inside looks like the plate."""
        rows, columns = np.nonzero(is_core[::SAMPLE_STEP, ::SAMPLE_STEP])
        rows, columns = rows * SAMPLE_STEP, columns * SAMPLE_STEP
        x, y = map_points(place, columns.astype(np.float32), rows.astype(np.float32))
        known = self._look_up(x, y)
        if not len(known.chosen):
            return
        shown = take_levels(frame.picture, frame.picture.rgb[rows[known.chosen], columns[known.chosen]])
        is_same = measure_distance(known.colours, shown, fit) < SAME_NOISES
        known_x, known_y = x[known.chosen] - self._corner[0], y[known.chosen] - self._corner[1]
        forget_contradicted(self._counts, known_y.astype(np.intp), known_x.astype(np.intp), is_same)


def _map_corners(place: Affine, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Where the corners of a frame lie."""
    right, bottom = shape[1] - 1, shape[0] - 1
    x, y = np.array([0, right, 0, right], np.float32), np.array([0, 0, bottom, bottom], np.float32)
    return map_points(place, x, y)


def _shift(plane: Pixels, right: int, down: int) -> Pixels:
    """A plane whose window lies further right and down by whole pixels; what comes in is 0."""
    shifted = np.zeros_like(plane)
    height, width = plane.shape[:2]
    rows, columns = (
        (slice(max(0, -step), side - max(0, step)), slice(max(0, step), side - max(0, -step)))
        for step, side in ((down, height), (right, width))
    )
    if abs(down) < height and abs(right) < width:
        shifted[rows[0], columns[0]] = plane[rows[1], columns[1]]
    return shifted
