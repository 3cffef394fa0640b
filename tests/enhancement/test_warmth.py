"""Warmth: red gains over blue, luminance stays, clipped white stays white."""

import numpy as np
import pytest

from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.warmth import adjust_warmth
from mattebox.types import Picture


@pytest.mark.parametrize("warmth", [-100, -20, 10, 100])
def test_red_and_blue_move_apart_at_equal_luminance(warmth: int) -> None:
    picture = Picture(np.full((4, 4, 3), 30000, np.uint16))
    result = adjust_warmth(picture, warmth)
    red, _, blue = (int(v) for v in result.rgb[0, 0])
    assert (red - blue) * warmth > 0
    space = colour_space_of(picture)
    before, after = (space.decode(p.rgb) @ space.luminance_weights for p in (picture, result))
    assert np.abs(before - after).max() < 0.003


def test_clipped_white_stays_and_no_warmth_returns_the_picture_itself() -> None:
    picture = Picture(np.full((2, 2, 3), 255, np.uint8))
    assert (adjust_warmth(picture, 60).rgb == 255).all()
    assert adjust_warmth(picture, 0) is picture
