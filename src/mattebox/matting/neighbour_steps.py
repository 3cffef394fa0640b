"""Differences between neighbouring pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.channel_extremes import largest_channel
from mattebox.io import resampling
from mattebox.types import Mask, Pixels

CHUNK_ROWS = 256  # rows processed at a time
EDGE_STEP_LEVELS = 24  # difference of neighbours, of 255, from which there is an edge between them


def largest_neighbour_steps(rgb: Pixels) -> NDArray[np.uint8]:
    """H x W uint8: each pixel's largest difference from its four neighbours in any channel, of 255."""
    largest = np.zeros(rgb.shape[:2], np.uint8)
    for top in range(0, len(rgb), CHUNK_ROWS):
        first, last = max(0, top - 1), min(len(rgb), top + CHUNK_ROWS + 1)
        chunk = resampling.to_eight_bit(rgb[first:last]).astype(np.int16)
        largest_here = np.zeros(chunk.shape[:2], np.uint8)
        for axis in (0, 1):
            step = largest_channel(np.abs(np.diff(chunk, axis=axis))).astype(np.uint8)
            for side in (slice(1, None), slice(None, -1)):
                part = largest_here[side] if axis == 0 else largest_here[:, side]
                np.maximum(part, step, out=part)
        stop = min(len(rgb), top + CHUNK_ROWS)
        largest[top:stop] = largest_here[top - first : stop - first]
    return largest


class NeighbourSteps:
    """Differences between neighbouring pixels of an H x W x 3 uint8 picture, and where they are large."""

    def __init__(self, rgb: NDArray[np.uint8]) -> None:
        """Compute them."""
        signed = rgb.astype(np.int16)
        self.along = [np.diff(signed, axis=axis) for axis in (0, 1)]
        self.edges = largest_neighbour_steps(rgb) > EDGE_STEP_LEVELS

    def contrast_share(self) -> float:
        """Share of the steps between unequal neighbours that are edges."""
        sizes = [largest_channel(np.abs(step)) for step in self.along]
        unequal = sum(np.count_nonzero(size) for size in sizes)
        return sum(np.count_nonzero(size > EDGE_STEP_LEVELS) for size in sizes) / max(unequal, 1)

    def equal_neighbours(self) -> NDArray[np.uint8]:
        """Number of each pixel's four neighbours that have its colour."""
        count = np.zeros(self.edges.shape, np.uint8)
        for axis, step in enumerate(self.along):
            equal = ~largest_channel(step != 0)
            count[(slice(None),) * axis + (slice(1, None),)] += equal
            count[(slice(None),) * axis + (slice(None, -1),)] += equal
        return count

    def on_ramp(self) -> Mask:
        """Whether each pixel is, but for a level, the mean of its neighbours on both sides, along both axes."""
        ramp = np.ones(self.edges.shape, np.bool_)
        for axis, step in enumerate(self.along):
            bend = largest_channel(np.abs(np.diff(step, axis=axis))) > 1
            ramp[(slice(None),) * axis + (slice(1, -1),)] &= ~bend
        return ramp
