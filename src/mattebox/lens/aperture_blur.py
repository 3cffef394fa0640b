"""Convolution of planes with an aperture, also with one that changes over the frame.

Such a frame is divided among the nodes of a coarse grid, with weights that fall off linearly to the next; the part of
each node is spread by the aperture at that place. What comes from outside the frame is not known and does not count.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.core.fft_convolution import convolve
from mattebox.core.interpolation import linear_neighbours
from mattebox.lens.aperture import VARYING_SHAPES, FramePlace, aperture_kernel
from mattebox.types import Floats, ImageShape, Mask

NODES = 7  # along each side of the frame
MIN_COVERAGE = 1e-3  # of a kernel by the frame

Region: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


class Grid(NamedTuple):
    """Samples that lie `factor` pixels apart over a region of a frame, given in pixels."""

    frame: ImageShape
    region: Region
    factor: int


def blur_by_aperture(planes: Floats, shape: str, radius: float, grid: Grid) -> Floats:
    """Blur (C, h, w) samples of a grid by an aperture whose radius is given in samples; an even frame stays even."""
    reach = len(aperture_kernel(shape, radius)) // 2
    positions = [_positions(part, grid.factor, reach) for part in grid.region]
    inside = [_is_inside(line, length) for line, length in zip(positions, grid.frame, strict=True)]
    if shape in VARYING_SHAPES:
        inner = slice(reach, -reach or None)
        shares = [_node_shares(line, length) for line, length in zip(positions, grid.frame, strict=True)]
        window = (inside[0][:, None] & inside[1][None, :]).astype(np.float32)
        covered = _spread(window[None], shape, radius, shares, grid.frame)[0, inner, inner]
        blurred = _spread(planes, shape, radius, [share[:, inner] for share in shares], grid.frame)
    else:
        kernel = aperture_kernel(shape, radius)
        covered, blurred = _frame_coverage(kernel, inside), convolve(planes, kernel)
    blurred /= np.maximum(covered, np.float32(MIN_COVERAGE))
    return blurred


def _frame_coverage(kernel: Floats, inside: list[Mask]) -> Floats:
    """How much of the kernel around each sample lies inside the frame, by sums over rectangles of it.

    `inside` says of rows and of columns, with those that the kernel reaches on either side, whether the frame has them.
    """
    sums = np.zeros((len(kernel) + 1, len(kernel) + 1))
    sums[1:, 1:] = kernel[::-1, ::-1].cumsum(0, dtype=np.float64).cumsum(1)
    (rows, row_index), (columns, column_index) = (_kernel_ranges(line, len(kernel)) for line in inside)
    bands = sums[rows[1]] - sums[rows[0]]
    covered = (bands[:, columns[1]] - bands[:, columns[0]]).astype(np.float32)
    part: Floats = covered[np.ix_(row_index, column_index)]
    return part


def _kernel_ranges(inside: Mask, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different ranges of a kernel's taps that lie inside the frame, (2, n): the first tap, and the one after the
    last; and for each sample of a line the index of its own."""
    places = np.flatnonzero(inside)
    start, stop = (int(places[0]), int(places[-1]) + 1) if places.size else (0, 0)
    samples = np.arange(len(inside) - length + 1)
    ranges = np.clip(np.stack([start - samples, stop - samples]), 0, length)
    return np.unique(ranges, axis=1, return_inverse=True)


def _positions(part: slice, factor: int, reach: int) -> NDArray[np.int64]:
    """Pixels at which the samples of a grid's line begin, with those that a kernel reaches on either side."""
    samples = -(-(part.stop - part.start) // factor)
    positions: NDArray[np.int64] = np.arange(-reach, samples + reach) * factor + part.start
    return positions


def _is_inside(positions: NDArray[np.int64], length: int) -> Mask:
    inside: Mask = (positions >= 0) & (positions < length)
    return inside


def _node_shares(positions: NDArray[np.int64], length: int) -> Floats:
    """The share of each node in each position of a line, (NODES, n); they sum to 1."""
    neighbours = linear_neighbours(positions / max(1, length - 1) * (NODES - 1), NODES)
    shares: Floats = np.zeros((NODES, len(positions)), np.float32)
    columns = np.arange(len(positions))
    shares[neighbours.lower, columns] += 1 - neighbours.upper_weight
    shares[neighbours.upper, columns] += neighbours.upper_weight
    return shares


def _spread(planes: Floats, shape: str, radius: float, shares: list[Floats], frame: ImageShape) -> Floats:
    """The planes, each node's part spread by its aperture; zero outside."""
    total = np.zeros_like(planes)
    corner = float(np.hypot(*frame)) / 2
    for row, row_shares in enumerate(shares[0]):
        for column, column_shares in enumerate(shares[1]):
            place = FramePlace(
                *((i / (NODES - 1) - 0.5) * side / corner for i, side in ((column, frame[1]), (row, frame[0])))
            )
            kernel = aperture_kernel(shape, radius, place)
            window = _extent(row_shares, len(kernel) // 2), _extent(column_shares, len(kernel) // 2)
            weights = row_shares[window[0], None] * column_shares[None, window[1]]
            part = planes[:, *window] * weights
            if part.any():
                total[:, *window] += convolve(part, kernel)
    return total


def _extent(shares: Floats, reach: int) -> slice:
    """Where a node has a share, with what a kernel reaches on either side."""
    places = np.flatnonzero(shares)
    return slice(max(0, int(places[0]) - reach), int(places[-1]) + reach + 1) if places.size else slice(0, 0)
