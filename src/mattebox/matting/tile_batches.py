"""Batches of small tiles that hold what is neither transparent nor opaque, for pixel kernels that take several tiles.

Small tiles follow an edge closely, so that few pixels beside it are computed; in batches they cost one run of a kernel.
All tiles of a batch have the same size: at the picture's border its last rows and columns are repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.matting import tiles
from mattebox.types import Floats, ImageShape, Mask, Pixels

SIDE_PIXELS = 24  # of a tile, about
BATCH_PIXELS = 16_384  # about; its planes fit a processor's cache


class TileBatch(NamedTuple):
    """Tiles of a picture, and of the padded grid under them (see `tiles.pad_grid_planes`).

    Attributes
    ----------
    places : N x T x T int
        Of their pixels in the flat picture.
    is_inside : N x T x T bool
        Whether a pixel is the picture's own, and not repeated.
    grid_rows : N x C x 1 int
    grid_columns : N x 1 x C int
        Of the cells under them, with a margin of one on each side.
    """

    places: NDArray[np.intp]
    is_inside: Mask
    grid_rows: NDArray[np.intp]
    grid_columns: NDArray[np.intp]

    def take(self, pixels: Pixels, peak: int) -> Floats:
        """The tiles' pixels of a plane H x W (x C) as float32 0..1: N x T x T (x C)."""
        flat = pixels.reshape(-1, *pixels.shape[2:])
        # take: three times as fast as an index in brackets where pixels have channels
        scaled: Floats = np.multiply(flat.take(self.places, axis=0), np.float32(1 / peak), dtype=np.float32)
        return scaled

    def take_cells(self, planes: Floats) -> Floats:
        """The cells under the tiles of padded planes C x h x w: N x C x rows x columns."""
        return np.ascontiguousarray(planes[:, self.grid_rows, self.grid_columns].swapaxes(0, 1))

    def put(self, values: NDArray[Any], selected: Mask, pixels: Pixels) -> None:
        """Write the values of those pixels that are selected (H x W) into a contiguous plane H x W (x C), in place."""
        chosen = np.flatnonzero(selected.ravel().take(self.places) & self.is_inside)
        channels = pixels.shape[2:]
        written = values.reshape(-1, *channels).take(chosen, axis=0).astype(pixels.dtype)
        pixels.reshape(-1, *channels)[self.places.ravel().take(chosen)] = written


def partial_mask(alpha: Pixels, peak: int) -> Mask:
    """The pixels that lie strictly between transparent and opaque."""
    # 0 wraps round to the type's largest value
    mask: Mask = (alpha - alpha.dtype.type(1)) < alpha.dtype.type(peak - 1)
    return mask


def iter_batches(mask: Mask, step: int) -> Iterator[TileBatch]:
    """The tiles that hold a pixel of a mask H x W, over a grid of `step` pixels."""
    cells = max(1, SIDE_PIXELS // step)
    rows, columns = _tiles_with_pixels(mask, cells * step)
    per_batch = max(1, BATCH_PIXELS // (cells * step) ** 2)
    height, width = tiles.grid_size(mask.shape[:2], step)
    for start in range(0, len(rows), per_batch):
        part = slice(start, start + per_batch)
        yield _build_batch(rows[part], columns[part], cells, step, mask.shape, (height + 2, width + 2))


def _tiles_with_pixels(mask: Mask, side: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the tiles, `side` pixels wide, that hold a pixel of a mask."""
    down = np.stack([mask[top : top + side].any(axis=0) for top in range(0, mask.shape[0], side)])
    held = np.logical_or.reduceat(down, np.arange(0, mask.shape[1], side), axis=1)
    rows, columns = np.nonzero(held)
    return rows, columns


def _build_batch(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    cells: int,
    step: int,
    size: ImageShape,
    grid_shape: ImageShape,
) -> TileBatch:
    side = np.arange(cells * step)
    y, x = (rows[:, None] * cells * step + side)[:, :, None], (columns[:, None] * cells * step + side)[:, None]
    places = np.minimum(y, size[0] - 1) * size[1] + np.minimum(x, size[1] - 1)
    return TileBatch(places, (y < size[0]) & (x < size[1]), *_grid_indices(rows, columns, cells, grid_shape))


def _grid_indices(
    rows: NDArray[np.intp], columns: NDArray[np.intp], cells: int, shape: ImageShape
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """N x C x 1 and N x 1 x C indices into padded planes of a shape."""
    span = np.arange(cells + 2)
    down = np.minimum(rows[:, None] * cells + span, shape[0] - 1)
    across = np.minimum(columns[:, None] * cells + span, shape[1] - 1)
    return down[:, :, None], across[:, None]
