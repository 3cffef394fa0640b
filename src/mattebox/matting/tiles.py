"""Tiles of a picture at full resolution, over planes of coefficients on a grid whose cells are `step` pixels wide.

Callers compute only the tiles that need it, in parallel, so that memory stays that of a few tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mattebox.types import Floats, ImageShape, Pixels

TILE_SIDE_PIXELS = 128  # about; fits a processor's cache


@dataclass(frozen=True)
class Tile:
    """A rectangle of the picture (`rows`, `columns`), and the same with a margin of one cell on the padded grid (see
    `pad_grid_planes`)."""

    rows: slice
    columns: slice
    grid_rows: slice
    grid_columns: slice
    padding: ImageShape  # pixels missing at the bottom and on the right to fill whole cells


def grid_size(size: ImageShape, step: int) -> ImageShape:
    """(Rows, columns) of cells that cover a picture of (height, width) `size`."""
    return -(-size[0] // step), -(-size[1] // step)


def iter_tiles(size: ImageShape, step: int) -> Iterator[Tile]:
    """All tiles of a picture, row by row; each starts at a cell's edge and holds whole cells, except at the border."""
    cells = max(1, TILE_SIDE_PIXELS // step)
    height, width = grid_size(size, step)
    for y in range(0, height, cells):
        for x in range(0, width, cells):
            y2, x2 = min(y + cells, height), min(x + cells, width)
            rows, columns = slice(y * step, min(y2 * step, size[0])), slice(x * step, min(x2 * step, size[1]))
            padding = (y2 * step - rows.stop, x2 * step - columns.stop)
            yield Tile(rows, columns, slice(y, y2 + 2), slice(x, x2 + 2), padding)


def expand_tile(tile: Tile, size: ImageShape, step: int, margin_cells: int) -> Tile:
    """The tile with so many more cells on every side, inside the picture."""
    (rows, down), (columns, right) = (
        _expand_side(grid, side, step, margin_cells)
        for grid, side in zip((tile.grid_rows, tile.grid_columns), size, strict=True)
    )
    return Tile(
        rows, columns, slice(rows.start // step, -(-rows.stop // step) + 2),
        slice(columns.start // step, -(-columns.stop // step) + 2), (down, right),
    )  # fmt: skip


def _expand_side(grid: slice, side_pixels: int, step: int, margin_cells: int) -> tuple[slice, int]:
    """Slice of pixels, and number of pixels missing at the end, of a tile's side with more cells around it."""
    start, stop = max(0, grid.start - margin_cells), min(-(-side_pixels // step), grid.stop - 2 + margin_cells)
    last = min(stop * step, side_pixels)
    return slice(start * step, last), stop * step - last


def pad_grid_planes(planes: Floats) -> Floats:
    """C x h x w grid planes with one more cell on every side, edges repeated; `Tile.grid_rows` and `grid_columns` are
    indices into these."""
    return np.pad(planes, ((0, 0), (1, 1), (1, 1)), mode="edge")


def grid_patch(planes: Floats, tile: Tile) -> Floats:
    """1 x C x rows x columns of padded planes under a tile."""
    return np.ascontiguousarray(planes[None, :, tile.grid_rows, tile.grid_columns])


def tile_pixels(pixels: Pixels, tile: Tile, peak: int) -> Floats:
    """A tile's pixels as float32 0..1, edges repeated to whole cells."""
    crop = pixels[tile.rows, tile.columns]
    if any(tile.padding):
        channels = ((0, 0),) * (crop.ndim - 2)
        crop = np.pad(crop, ((0, tile.padding[0]), (0, tile.padding[1]), *channels), mode="edge")
    scaled: Floats = np.multiply(crop, np.float32(1 / peak), dtype=np.float32)
    return scaled


def has_partial_alpha(alpha: Pixels, peak: int) -> bool:
    """Whether any pixel lies strictly between transparent and opaque."""
    return bool(((alpha > 0) & (alpha < peak)).any())


def resample_to_grid(plane: Floats, size: ImageShape, step: int) -> Floats:
    """Bilinear values, at the centres of the grid's cells, of a coarse plane that spans a picture of `size`."""
    y, x = (
        _bilinear_positions(cells, step, side, samples)
        for cells, side, samples in zip(grid_size(size, step), size, plane.shape, strict=True)
    )
    rows = plane[y[0]] * (1 - y[2])[:, None] + plane[y[1]] * y[2][:, None]
    result: Floats = (rows[:, x[0]] * (1 - x[2]) + rows[:, x[1]] * x[2]).astype(np.float32)
    return result


def _bilinear_positions(
    cells: int, step: int, side_pixels: int, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each cell along a side: the two coarse samples around its centre, and the weight of the second."""
    centre = (np.arange(cells) + 0.5) * step * samples / side_pixels - 0.5
    position = np.clip(centre, 0, samples - 1)
    low = np.floor(position).astype(int)
    return low, np.minimum(low + 1, samples - 1), (position - low).astype(np.float32)
