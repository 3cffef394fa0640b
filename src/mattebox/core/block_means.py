"""Float planes on reduced grids: means of square blocks, and back by linear interpolation between block centres."""

from __future__ import annotations

import numpy as np

from mattebox.core.interpolation import linear_neighbours
from mattebox.types import Floats, ImageShape


def mean_blocks(planes: Floats, factor: int) -> Floats:
    """Means of factor x factor blocks of (C, H, W); partial blocks at the end count their own pixels."""
    if factor == 1:
        return planes
    sums = _sum_slices(_sum_slices(planes, factor, 1), factor, 2)
    rows, columns = (np.minimum(factor, length - np.arange(0, length, factor)) for length in planes.shape[1:])
    sums /= np.outer(rows, columns).astype(np.float32)
    return sums


def enlarge_blocks(planes: Floats, factor: int, shape: ImageShape) -> Floats:
    """Enlarge (C, h, w) block means to (C, H, W), bilinear between the centres of blocks."""
    return enlarge_rows(planes, factor, shape[1], slice(0, shape[0]))


def enlarge_rows(planes: Floats, factor: int, width: int, rows: slice) -> Floats:
    """Some rows of the enlarged block means, so that not all need be in memory."""
    if factor == 1:
        return planes[:, rows]
    down = linear_neighbours((np.arange(rows.start, rows.stop) + 0.5) / factor - 0.5, planes.shape[1])
    across = linear_neighbours((np.arange(width) + 0.5) / factor - 0.5, planes.shape[2])
    first = int(down.lower[0])
    needed = planes[:, first : int(down.upper[-1]) + 1]
    left = needed[:, :, across.lower]
    wide = left + (needed[:, :, across.upper] - left) * across.upper_weight
    steps = np.diff(wide, axis=1, append=wide[:, -1:])
    enlarged: Floats = np.empty((len(planes), len(down.lower), width), np.float32)
    starts = np.flatnonzero(np.diff(down.lower, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(down.lower)], strict=True):
        line, part = down.lower[start] - first, enlarged[:, start:stop]
        np.multiply(steps[:, line, None], down.upper_weight[start:stop, None], out=part)
        part += wide[:, line, None]
    return enlarged


def _sum_slices(planes: Floats, factor: int, axis: int) -> Floats:
    """Sums of `factor` samples in a row; the last may be of fewer. Slice by slice: quicker than `reduceat`."""

    def slice_from(start: int, stop: int | None = None) -> tuple[slice, ...]:
        return *(slice(None),) * axis, slice(start, stop, factor if stop is None else None)

    sums = planes[slice_from(0)].copy()
    for start in range(1, factor):
        part = planes[slice_from(start)]
        sums[slice_from(0, part.shape[axis])] += part
    return sums
