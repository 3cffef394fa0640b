from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting import tiles
from mattebox.matting.tile_batches import iter_batches, partial_mask


@pytest.mark.parametrize("step", [1, 3, 7, 40])
@pytest.mark.parametrize("size", [(61, 97), (24, 24), (5, 130)])
def test_every_pixel_of_the_mask_is_in_one_tile(size: tuple[int, int], step: int) -> None:
    mask = np.random.default_rng(1).random(size) > 0.99
    mask[-1, -1] = True
    counts = np.zeros(size, np.uint8)
    planes = tiles.pad_grid_planes(np.ones((2, *tiles.grid_size(size, step)), np.float32))
    for batch in iter_batches(mask, step):
        assert batch.take_cells(planes).shape[:2] == (len(batch.places), 2)
        batch.put(np.ones(batch.places.shape, np.uint8), mask, counts)
        assert batch.take(counts, 255).shape == batch.places.shape
    assert np.array_equal(counts, mask)


def test_cells_lie_under_their_pixels() -> None:
    size, step = (50, 64), 4
    grid = np.add.outer(100 * np.arange(13), np.arange(16)).astype(np.float32)[None]
    (batch,) = iter_batches(np.ones(size, bool), step)
    cells = batch.take_cells(tiles.pad_grid_planes(grid))[:, 0]
    rows, columns = batch.places[:, 0, 0] // size[1], batch.places[:, 0, 0] % size[1]
    assert np.array_equal(cells[:, 1, 1], 100 * (rows // step) + columns // step)


def test_partial_is_neither_nothing_nor_all() -> None:
    for dtype in (np.uint8, np.uint16):
        peak = np.iinfo(dtype).max
        assert partial_mask(np.array([[0, 1, peak - 1, peak]], dtype), peak).tolist() == [[False, True, True, False]]
    assert not list(iter_batches(np.zeros((9, 9), bool), 3))
