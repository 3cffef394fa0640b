"""Differences between neighbouring pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.io import resampling
from mattebox.types import Pixels

CHUNK_ROWS = 256  # rows processed at a time


def largest_neighbour_steps(rgb: Pixels) -> NDArray[np.uint8]:
    """H x W uint8: each pixel's largest difference from its four neighbours in any channel, of 255."""
    largest = np.zeros(rgb.shape[:2], np.uint8)
    for top in range(0, len(rgb), CHUNK_ROWS):
        first, last = max(0, top - 1), min(len(rgb), top + CHUNK_ROWS + 1)
        chunk = resampling.to_eight_bit(rgb[first:last]).astype(np.int16)
        largest_here = np.zeros(chunk.shape[:2], np.uint8)
        for axis in (0, 1):
            step = np.abs(np.diff(chunk, axis=axis)).max(axis=2).astype(np.uint8)
            for side in (slice(1, None), slice(None, -1)):
                part = largest_here[side] if axis == 0 else largest_here[:, side]
                np.maximum(part, step, out=part)
        stop = min(len(rgb), top + CHUNK_ROWS)
        largest[top:stop] = largest_here[top - first : stop - first]
    return largest
