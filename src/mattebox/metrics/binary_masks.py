"""Operations on binary masks that several metrics share: distance transform, opening, largest component."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import label_components
from mattebox.types import Mask


def distance_transform(mask: Mask) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Exact Euclidean distance to the nearest set pixel.

    First along columns, then along rows over growing shifts: the separable scheme of Felzenszwalb & Huttenlocher,
    Distance Transforms of Sampled Functions (2012), with the lower envelope taken by brute force, which is fast in
    numpy.

    Parameters
    ----------
    mask : Mask
        H x W, with at least one set pixel.

    Returns
    -------
    tuple of arrays
        The distance of each pixel, H x W, and the flat index of its nearest set pixel.

    Raises
    ------
    ValueError
        When no pixel is set.
    """
    if not mask.any():
        raise ValueError("no pixel is set; ask only where there is one")
    height, width = mask.shape
    nearest_row = _nearest_row(mask)
    unreachable = 4 * (height**2 + width**2)  # for columns without a set pixel: more than any squared distance
    squared = np.where(nearest_row < 0, unreachable, (nearest_row - np.arange(height)[:, None]) ** 2)
    best, columns = squared.copy(), np.broadcast_to(np.arange(width), mask.shape)
    nearest_column = columns.copy()
    shift = 1
    while shift < width and shift**2 < best.max():
        left, right = np.s_[:, :-shift], np.s_[:, shift:]
        for target, source in ((right, left), (left, right)):
            candidate = squared[source] + shift**2
            is_nearer = candidate < best[target]
            best[target] = np.where(is_nearer, candidate, best[target])
            nearest_column[target] = np.where(is_nearer, columns[source], nearest_column[target])
        shift += 1
    index = np.take_along_axis(nearest_row, nearest_column, 1) * width + nearest_column
    return np.sqrt(best), index


def dilate_by_disc(mask: Mask, radius: float) -> Mask:
    """The pixels within a Euclidean distance of `radius` pixels of a set one: runs of each of the disc's rows."""
    (height, width), reach = mask.shape, int(radius)
    sums = np.cumsum(np.pad(mask, ((reach, reach), (reach + 1, reach))), axis=1, dtype=np.int32)
    dilated = np.zeros(mask.shape, np.bool_)
    for shift in range(-reach, reach + 1):
        half = int((radius**2 - shift**2) ** 0.5)
        rows = sums[reach + shift : reach + shift + height]
        stop = reach + half + 1
        dilated |= rows[:, stop : stop + width] > rows[:, reach - half : reach - half + width]
    return dilated


def open_mask(mask: Mask, radius: float) -> Mask:
    """Morphological opening by a disc of that radius in pixels; nothing is eroded from the picture's border."""
    core = mask & ~dilate_by_disc(~mask, radius)
    return dilate_by_disc(core, radius)


def largest_component(mask: Mask) -> Mask:
    """The largest component of pixels joined by their sides; of equal ones the first; empty when no pixel is set."""
    labels, _ = label_components(mask, connectivity=4)
    result: Mask = labels == 1
    return result


def _nearest_row(mask: Mask) -> NDArray[np.intp]:
    """Row of the nearest set pixel in each pixel's own column; -1 in columns without one."""
    rows = np.broadcast_to(np.arange(mask.shape[0])[:, None], mask.shape)
    outside = 2 * mask.shape[0] + 1
    above = np.maximum.accumulate(np.where(mask, rows, -outside), 0)
    below = np.minimum.accumulate(np.where(mask, rows, outside)[::-1], 0)[::-1]
    nearest = np.where(rows - above <= below - rows, above, below)
    return np.where(mask.any(0), nearest, -1)
