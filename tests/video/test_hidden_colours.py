from __future__ import annotations

import numpy as np
import pytest

from mattebox.types import Picture
from mattebox.video.hidden_colours import BLOCK_PIXELS, clear_hidden_colours


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_are_cleared_away_from_the_subject_only(dtype: type) -> None:
    rgb = np.random.default_rng(0).integers(1, 100, (90, 150, 3)).astype(dtype)
    alpha = np.zeros((90, 150), dtype)
    alpha[40:50, 60:70] = 7
    cleared = clear_hidden_colours(Picture(rgb, alpha))
    near = slice(40 - BLOCK_PIXELS, 50 + BLOCK_PIXELS), slice(60 - BLOCK_PIXELS, 70 + BLOCK_PIXELS)
    assert np.array_equal(cleared.rgb[near], rgb[near])
    assert np.array_equal(cleared.alpha, alpha)  # type: ignore[arg-type]
    grey = round(np.iinfo(dtype).max / 2)
    assert (cleared.rgb[0] == grey).all()
    assert (cleared.rgb[-1] == grey).all()
    assert (cleared.rgb[:, -1] == grey).all()


def test_nothing_changes_without_transparency() -> None:
    rgb = np.zeros((20, 20, 3), np.uint8)
    opaque = Picture(rgb, np.full((20, 20), 255, np.uint8))
    assert clear_hidden_colours(opaque) is opaque
    plain = Picture(rgb)
    assert clear_hidden_colours(plain) is plain
