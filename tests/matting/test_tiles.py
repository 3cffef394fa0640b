"""Tiles cover every pixel once; the grid's cells lie where they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.matting import tiles


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 40))
def test_every_pixel_once(height: int, width: int, step: int) -> None:
    seen = np.zeros((height, width), int)
    planes = tiles.pad_grid_planes(np.zeros((1, *tiles.grid_size((height, width), step)), np.float32))
    for tile in tiles.iter_tiles((height, width), step):
        seen[tile.rows, tile.columns] += 1
        patch, pixels = tiles.grid_patch(planes, tile), tiles.tile_pixels(np.ones((height, width), np.uint8), tile, 1)
        assert ((patch.shape[2] - 2) * step, (patch.shape[3] - 2) * step) == pixels.shape
    assert (seen == 1).all()


@pytest.mark.parametrize("size", [(64, 96), (65, 99), (63, 101)])
def test_a_ramp_lands_on_the_cells_centres(size: tuple[int, int]) -> None:
    coarse = np.tile((np.arange(24, dtype=np.float32) + 0.5) / 24, (16, 1))  # value = share of the width
    grid = tiles.resample_to_grid(coarse, size, 4)
    centres = (np.arange(grid.shape[1]) + 0.5) * 4 / size[1]
    inner = slice(2, -2)
    assert grid.shape == tiles.grid_size(size, 4)
    np.testing.assert_allclose(grid[5, inner], centres[inner], atol=1e-5)


def test_partial_cells_are_padded_by_the_edge() -> None:
    tile = next(tiles.iter_tiles((3, 5), 4))
    pixels = tiles.tile_pixels(np.arange(15, dtype=np.uint8).reshape(3, 5), tile, 255)
    assert pixels.shape == (4, 8)
    assert (pixels[3] == pixels[2]).all()
    assert (pixels[:, 5:] == pixels[:, 4:5]).all()


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 30), st.integers(0, 9))
def test_an_expanded_tile_holds_its_tile(height: int, width: int, step: int, cells: int) -> None:
    size = (height, width)
    pixels = np.arange(height * width).reshape(size)
    planes = tiles.pad_grid_planes(np.zeros((1, *tiles.grid_size(size, step)), np.float32))
    for tile in tiles.iter_tiles(size, step):
        wide = tiles.expand_tile(tile, size, step, cells)
        top, left = tile.rows.start - wide.rows.start, tile.columns.start - wide.columns.start
        assert min(tile.rows.start, cells * step) == top
        seen, mine = pixels[wide.rows, wide.columns], pixels[tile.rows, tile.columns]
        assert (seen[top : top + mine.shape[0], left : left + mine.shape[1]] == mine).all()
        patch, whole = tiles.grid_patch(planes, wide), tiles.tile_pixels(np.zeros(size, np.uint8), wide, 1)
        assert ((patch.shape[2] - 2) * step, (patch.shape[3] - 2) * step) == whole.shape
