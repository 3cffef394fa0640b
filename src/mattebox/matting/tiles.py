"""Work at full resolution, tile by tile, guided by planes on a coarser grid whose cells are `step` pixels wide.

Only tiles that need it are computed, side by side (see `processors`); memory stays that of a few tiles. Knows nothing
of what is computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mattebox.types import Floats, ImageShape, Pixels

TILE_SIDE_PIXELS = 128  # pixels, about: what a processor's cache holds


@dataclass(frozen=True)
class Tile:
    """A rectangle of the picture (`rows`, `columns`) and the same, with a rim of one cell, on the padded grid."""

    rows: slice
    columns: slice
    grid_rows: slice
    grid_columns: slice
    padding: ImageShape  # pixels missing below and to the right to fill whole cells


def grid_size(size: ImageShape, step: int) -> ImageShape:
    """Cells that cover a picture of this size."""
    return -(-size[0] // step), -(-size[1] // step)


def iter_tiles(size: ImageShape, step: int) -> Iterator[Tile]:
    """All tiles of a picture of this size, row by row; each starts on a cell and is whole cells but at the edge."""
    cells = max(1, TILE_SIDE_PIXELS // step)
    height, width = grid_size(size, step)
    for y in range(0, height, cells):
        for x in range(0, width, cells):
            y2, x2 = min(y + cells, height), min(x + cells, width)
            rows, columns = slice(y * step, min(y2 * step, size[0])), slice(x * step, min(x2 * step, size[1]))
            padding = (y2 * step - rows.stop, x2 * step - columns.stop)
            yield Tile(rows, columns, slice(y, y2 + 2), slice(x, x2 + 2), padding)


def expand_tile(tile: Tile, size: ImageShape, step: int, margin_cells: int) -> Tile:
    """The tile with so many more cells on every side, as far as there are any."""
    (rows, down), (columns, right) = (
        _expand_side(grid, whole, step, margin_cells)
        for grid, whole in zip((tile.grid_rows, tile.grid_columns), size, strict=True)
    )
    return Tile(
        rows, columns, slice(rows.start // step, -(-rows.stop // step) + 2),
        slice(columns.start // step, -(-columns.stop // step) + 2), (down, right),
    )  # fmt: skip


def _expand_side(grid: slice, side_pixels: int, step: int, margin_cells: int) -> tuple[slice, int]:
    """Pixels, and those missing at the end, of a tile's side with more cells around it."""
    start, stop = max(0, grid.start - margin_cells), min(-(-side_pixels // step), grid.stop - 2 + margin_cells)
    last = min(stop * step, side_pixels)
    return slice(start * step, last), stop * step - last


def pad_grid_planes(planes: Floats) -> Floats:
    """C x h x w grid planes with one more cell on every side, edges repeated: what `Tile.grid_rows` counts on."""
    return np.pad(planes, ((0, 0), (1, 1), (1, 1)), mode="edge")


def grid_patch(planes: Floats, tile: Tile) -> Floats:
    """1 x C x rows x columns of rimmed planes under a tile."""
    return np.ascontiguousarray(planes[None, :, tile.grid_rows, tile.grid_columns])


def tile_pixels(pixels: Pixels, tile: Tile, peak: int) -> Floats:
    """A tile's pixels as float32 0..1, edges repeated to whole cells."""
    cut = pixels[tile.rows, tile.columns]
    if any(tile.padding):
        rest = ((0, 0),) * (cut.ndim - 2)
        cut = np.pad(cut, ((0, tile.padding[0]), (0, tile.padding[1]), *rest), mode="edge")
    scaled: Floats = np.multiply(cut, np.float32(1 / peak), dtype=np.float32)
    return scaled


def has_partial_alpha(alpha: Pixels, peak: int) -> bool:
    """Whether any of it lies strictly between transparent and opaque."""
    return bool(((alpha > 0) & (alpha < peak)).any())


def resample_to_grid(plane: Floats, size: ImageShape, step: int) -> Floats:
    """A coarse plane that spans a picture of `size` -> its bilinear values at the grid's cell centres."""
    y, x = (
        _bilinear_positions(cells, step, whole, coarse)
        for cells, whole, coarse in zip(grid_size(size, step), size, plane.shape, strict=True)
    )
    rows = plane[y[0]] * (1 - y[2])[:, None] + plane[y[1]] * y[2][:, None]
    result: Floats = (rows[:, x[0]] * (1 - x[2]) + rows[:, x[1]] * x[2]).astype(np.float32)
    return result


def _bilinear_positions(
    cells: int, step: int, side_pixels: int, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each cell: the two coarse samples around its centre, and the share of the second."""
    centre = (np.arange(cells) + 0.5) * step * samples / side_pixels - 0.5
    place = np.clip(centre, 0, samples - 1)
    low = np.floor(place).astype(int)
    return low, np.minimum(low + 1, samples - 1), (place - low).astype(np.float32)
