"""A band of pixels: neighbours are found by shifts within the band, whatever its shape."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.pixel_band import PixelBand


@pytest.mark.parametrize("rows", [-2, -1, 1, 2])
@pytest.mark.parametrize("columns", [-2, 0, 2])
def test_neighbours_are_found_by_shifts(rows: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    mask = rng.random((30, 40)) < 0.1
    plane = rng.random((30, 40), np.float32)
    band = PixelBand(mask)
    moved = np.roll(band.move_rows(band.take(plane), rows), -columns)
    for y, x in np.argwhere(mask):
        neighbour = y + rows, x + columns
        if not (0 <= neighbour[0] < 30 and 0 <= neighbour[1] < 40):
            continue
        place = int(np.flatnonzero(band.indices == y * 40 + x)[0])
        is_member = bool((band.indices == neighbour[0] * 40 + neighbour[1]).any())
        assert moved[place] == (plane[neighbour] if is_member else 0)


def test_only_the_band_is_replaced() -> None:
    mask, plane = np.zeros((5, 9), np.bool_), np.zeros((5, 9), np.float32)
    mask[2, 4] = True
    band = PixelBand(mask)
    assert band.count == 5  # two beside it on either side
    assert band.put(np.ones(5, np.float32), plane).sum() == 5
