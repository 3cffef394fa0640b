"""Before a flat background, a subject counts as far as it is visible."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.composition import layer_composition
from mattebox.composition.visible_bounds import contrasting_box, visible_box
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut, Frame
from mattebox.types import BitDepth, Picture

WHITE = (255, 255, 255)


def half_white(depth: BitDepth = BitDepth.EIGHT) -> Picture:
    """An opaque block of 40 x 80 in 100 x 120; its right half is white."""
    rgb = np.zeros((100, 120, 3), depth.dtype)
    alpha = np.zeros((100, 120), depth.dtype)
    alpha[30:70, 20:100] = depth.peak
    rgb[30:70, 60:100] = depth.peak
    return Picture(rgb, alpha)


@pytest.mark.parametrize("depth", [BitDepth.EIGHT, BitDepth.SIXTEEN])
def test_white_on_white_is_not_visible(depth: BitDepth) -> None:
    picture = half_white(depth)
    peak = depth.peak
    assert visible_box(picture, (peak, peak, peak), (20, 30, 100, 70)) == (20, 30, 60, 70)
    assert visible_box(picture, (0, 0, 0), (20, 30, 100, 70)) == (60, 30, 100, 70)


def test_the_whole_box_where_nothing_is_visible() -> None:
    picture = half_white()
    white = picture.with_pixels(np.full_like(picture.rgb, 255), picture.alpha)
    assert visible_box(white, WHITE, (20, 30, 100, 70)) == (20, 30, 100, 70)


def test_faint_colour_and_dust_do_not_stand_out() -> None:
    rgb = np.full((600, 600, 3), 250, np.uint8)
    assert contrasting_box(rgb, WHITE) is None
    rgb[300:302, 10:12] = 0
    rgb[100:200, 100:300] = 247
    assert contrasting_box(rgb, WHITE) == (100, 100, 300, 200)


def test_the_frame_is_filled_by_what_is_visible() -> None:
    def refuse_image(path: str) -> Picture:
        raise AssertionError(path)

    steps = (Cut(), Frame(crop="subject", size="400x400", fill="50%"), Background(paint="white"))
    result = layer_composition.compose_layers(
        half_white(), half_white(), (20, 30, 100, 70), Recipe(steps), refuse_image
    )
    box = contrasting_box(result.flatten().rgb, WHITE)
    assert box == pytest.approx((100, 100, 300, 300), abs=12)
