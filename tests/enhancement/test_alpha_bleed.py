"""Alpha bleeding: the subject's colours continue under transparency, and no visible pixel changes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebox.enhancement.alpha_bleed import bleed_colours


@settings(deadline=None, max_examples=40)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 99), deep=st.booleans())
def test_visible_pixels_stay_and_hidden_ones_lie_between_them(height: int, width: int, seed: int, deep: bool) -> None:
    rng, kind = np.random.default_rng(seed), np.uint16 if deep else np.uint8
    peak = np.iinfo(kind).max
    rgb = rng.integers(100, 120, (height, width, 3)).astype(kind)
    alpha = np.where(rng.random((height, width)) < 0.3, peak, 0).astype(kind)
    if not alpha.any():
        alpha[0, 0] = peak
    rgb[alpha == 0] = 0
    result = bleed_colours(rgb, alpha)
    np.testing.assert_array_equal(result[alpha > 0], rgb[alpha > 0])
    assert result.min() >= 100
    assert result.max() < 120


def test_the_nearest_colours_go_on() -> None:
    """Red on the left, blue on the right: what is hidden between them turns from one to the other."""
    rgb = np.zeros((16, 64, 3), np.uint8)
    rgb[:, :8], rgb[:, -8:] = (200, 0, 0), (0, 0, 200)
    alpha = np.zeros((16, 64), np.uint8)
    alpha[:, :8] = alpha[:, -8:] = 255
    result = bleed_colours(rgb, alpha).astype(int)
    assert (result[:, 9, 0] > 150).all()
    assert (result[:, -10, 2] > 150).all()
    assert (np.diff(result[8, :, 0]) <= 8).all()


def test_nothing_to_do() -> None:
    rgb = np.full((4, 4, 3), 7, np.uint8)
    assert bleed_colours(rgb, np.full((4, 4), 255, np.uint8)) is rgb
    assert bleed_colours(rgb, np.zeros((4, 4), np.uint8)) is rgb
