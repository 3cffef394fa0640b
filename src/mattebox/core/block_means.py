"""Float planes on reduced grids: means of square blocks, and back by linear interpolation between block centres."""

from __future__ import annotations

import numpy as np

from mattebox.core.interpolation import linear_neighbours
from mattebox.types import Floats, ImageShape


def mean_blocks(planes: Floats, factor: int) -> Floats:
    """Means of factor x factor blocks of (H, W, C); partial blocks at the end count their own pixels."""
    if factor == 1:
        return planes
    height, width, _ = planes.shape
    rows, columns = np.arange(0, height, factor), np.arange(0, width, factor)
    sums = np.add.reduceat(np.add.reduceat(planes, rows, axis=0), columns, axis=1)
    counts = np.outer(np.diff(np.append(rows, height)), np.diff(np.append(columns, width)))
    means: Floats = (sums / counts[..., None]).astype(np.float32)
    return means


def enlarge_blocks(planes: Floats, factor: int, shape: ImageShape) -> Floats:
    """Enlarge (h, w, C) block means to (H, W, C), bilinear between the centres of blocks."""
    return enlarge_rows(planes, factor, shape[1], slice(0, shape[0]))


def enlarge_rows(planes: Floats, factor: int, width: int, rows: slice) -> Floats:
    """Some rows of the enlarged block means, so that not all need be in memory."""
    if factor == 1:
        return planes[rows]
    upper, lower, down = linear_neighbours((np.arange(rows.start, rows.stop) + 0.5) / factor - 0.5, planes.shape[0])
    left, right, across = linear_neighbours((np.arange(width) + 0.5) / factor - 0.5, planes.shape[1])
    first, last = int(upper[0]), int(lower[-1]) + 1
    needed, side_share = planes[first:last], across[None, :, None]
    wide = needed[:, left] + (needed[:, right] - needed[:, left]) * side_share
    above, below = wide[upper - first], wide[lower - first]
    enlarged: Floats = above + (below - above) * down[:, None, None]
    return enlarged
