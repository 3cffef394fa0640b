"""Weighted means of mattes that are moved along the motion, computed where they are not all 0 or all 1.

Elsewhere, which is most of a frame, nothing is moved and the matte stays as it is. Whether it is so is looked up, along
the motion, in the cells of the motion's grid, which is half the matte's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, ImageShape, Mask
from mattebox.video.bilinear_sampling import SamplePlaces, find_places, sample_plane

SETTLED_MARGIN = np.float32(1 / 255)  # alpha this near to 0 or 1 counts as 0 or 1
REACH_CELLS = 2  # around the cell to which the motion leads, for what lies between the motions of two cells


class MovedMatte(NamedTuple):
    """A matte of another frame, and how much it counts.

    Attributes
    ----------
    alpha : H x W float32
    motion : h x w x 2 float32
        From the frame to the other one, on half the matte's grid, with offsets in that grid's samples.
    trust : k x l float32
        How far the other frame can be relied on, 0..1, on a coarser grid.
    weight, least_weight : float
        It counts with `weight` x trust + `least_weight`.
    """

    alpha: Floats
    motion: Floats
    trust: Floats
    weight: float
    least_weight: float = 0.0


def average_mattes(own: Floats, own_weight: float, moved: Sequence[MovedMatte]) -> Floats:
    """The weighted mean of a matte H x W and of others, each moved along its motion.

    Where all of them lie within SETTLED_MARGIN of 0, or all of 1, `own` stays as it is.
    """
    shape = own.shape[0], own.shape[1]
    rows, columns = _find_unsettled_samples(own, moved)
    result, places = own.copy(), rows * shape[1] + columns
    total = own.take(places)
    total *= np.float32(own_weight)
    sum_of_weights = np.full(len(places), own_weight, np.float32)
    grids: dict[ImageShape, SamplePlaces] = {}
    for matte in moved:
        for grid_shape in (matte.motion.shape[:2], matte.trust.shape):
            if grid_shape not in grids:
                grids[grid_shape] = grid_places(rows, columns, shape, grid_shape)
        share = sample_plane(matte.trust, grids[matte.trust.shape])
        share *= np.float32(matte.weight)
        share += np.float32(matte.least_weight)
        total += share * sample_plane(matte.alpha, _follow(matte.motion, grids, rows, columns, shape))
        sum_of_weights += share
    result.ravel()[places] = total / sum_of_weights
    return result


def _follow(
    motion: Floats,
    grids: dict[ImageShape, SamplePlaces],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    shape: ImageShape,
) -> SamplePlaces:
    """Where a motion on half the grid leads from samples of a shape's grid."""
    x, y = (2 * sample_plane(motion[..., axis], grids[motion.shape[:2]]) for axis in range(2))
    return find_places(x + columns, y + rows, shape)


def grid_places(
    rows: NDArray[np.intp], columns: NDArray[np.intp], shape: ImageShape, grid_shape: ImageShape
) -> SamplePlaces:
    """Places, on a coarser grid that covers the same frame, of samples of a shape's grid."""
    y, x = (
        (np.asarray(index, np.float32) + np.float32(0.5)) * np.float32(cells / side) - np.float32(0.5)
        for index, cells, side in zip((rows, columns), grid_shape, shape, strict=True)
    )
    return find_places(x, y, grid_shape)


def _find_unsettled_samples(own: Floats, moved: Sequence[MovedMatte]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the samples in cells where the mattes, once moved, may differ from 0, and from 1."""
    not_back, not_front = _cells_with(own > SETTLED_MARGIN), _cells_with(own < 1 - SETTLED_MARGIN)
    for matte in moved:
        target = _nearest_cells(matte.motion)
        not_back |= dilate(_cells_with(matte.alpha > SETTLED_MARGIN), REACH_CELLS).ravel().take(target)
        not_front |= dilate(_cells_with(matte.alpha < 1 - SETTLED_MARGIN), REACH_CELLS).ravel().take(target)
    rows, columns = np.nonzero(not_back & not_front)
    within = np.arange(2)
    y = np.minimum(2 * rows[:, None] + within, own.shape[0] - 1)[:, :, None]
    x = np.minimum(2 * columns[:, None] + within, own.shape[1] - 1)[:, None]
    y, x = np.broadcast_arrays(y, x)
    return y.ravel(), x.ravel()


def _nearest_cells(motion: Floats) -> NDArray[np.intp]:
    """Index of the cell in which a motion from each cell ends."""
    height, width = motion.shape[:2]
    x = np.rint(motion[..., 0] + np.arange(width, dtype=np.float32)).clip(0, width - 1)
    y = np.rint(motion[..., 1] + np.arange(height, dtype=np.float32)[:, None]).clip(0, height - 1)
    cells: NDArray[np.intp] = (y * np.float32(width) + x).astype(np.intp)
    return cells


def _cells_with(mask: Mask) -> Mask:
    """The cells of 2 x 2 samples that hold a sample of a mask."""
    height, width = mask.shape
    if height % 2 or width % 2:
        mask = np.pad(mask, ((0, height % 2), (0, width % 2)))
    rows = mask[::2] | mask[1::2]
    cells: Mask = rows.view(np.uint16) != 0  # two bytes at a time
    return cells
