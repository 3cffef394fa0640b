"""The part of a grid of coefficients that the tiles of a picture need, with a margin of cells that count there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mattebox.matting.tile_batches import TileBatch
from mattebox.types import Floats, ImageShape

ALIGNMENT_CELLS = 8  # the largest reduction of the kernels' blurs, so that a window's blocks are those of the whole


class GridWindow(NamedTuple):
    """Cells of a grid of a shape."""

    rows: slice
    columns: slice
    shape: ImageShape

    def pixels(self, step: int) -> tuple[slice, slice]:
        """Rows and columns of the picture's pixels under it; the last cells may be incomplete."""
        return (
            slice(self.rows.start * step, self.rows.stop * step),
            slice(self.columns.start * step, self.columns.stop * step),
        )

    def pad(self, planes: Floats) -> Floats:
        """Planes C x h x w of the window as padded planes (`tiles.pad_grid_planes`) of the whole grid, 0 outside."""
        height, width = self.shape
        padded = np.zeros((len(planes), height + 2, width + 2), np.float32)
        padded[:, 1:-1, 1:-1][:, self.rows, self.columns] = planes
        padded[:, 0], padded[:, -1] = padded[:, 1], padded[:, -2]
        padded[..., 0], padded[..., -1] = padded[..., 1], padded[..., -2]
        return padded


def whole_grid(shape: ImageShape) -> GridWindow:
    """The window of all cells."""
    return GridWindow(slice(0, shape[0]), slice(0, shape[1]), shape)


def window_of_tiles(batches: Sequence[TileBatch], shape: ImageShape, margin_cells: int) -> GridWindow:
    """The window that holds the cells under some tiles, and a margin of cells on every side."""
    rows, columns = (
        _span([getattr(batch, name) for batch in batches], side, margin_cells)
        for name, side in zip(("grid_rows", "grid_columns"), shape, strict=True)
    )
    return GridWindow(rows, columns, shape)


def _span(indices: Sequence[np.ndarray], side: int, margin: int) -> slice:
    """From the least to the largest of indices into a padded side, with a margin, the start aligned."""
    first, last = min(part.min() for part in indices), max(part.max() for part in indices)
    start = max(0, int(first) - 1 - margin) // ALIGNMENT_CELLS * ALIGNMENT_CELLS
    return slice(start, min(side, int(last) + margin))
