"""The automatic choice of refinement: crisp edges stay with colours, hair gets the network."""

import numpy as np
import pytest
import skimage.data

from mattebox.matting import auto_refinement
from mattebox.matting.auto_refinement import edge_softness, refine_automatically, refine_in_two_passes
from mattebox.matting.colour_refinement import refine
from mattebox.metrics import matting
from mattebox.types import Floats, ImageShape, Picture
from tests.fakes import composite, disc, hairy, mosaic
from tests.matting.test_colour_refinement import coarse

SIZE: ImageShape = (300, 400)
LARGE: ImageShape = (480, 640)


def scene(truth: Floats) -> Picture:
    size = truth.shape[0], truth.shape[1]
    front, back = (mosaic(getattr(skimage.data, name)(), size) for name in ("chelsea", "rocket"))
    return composite(truth, front, back)


@pytest.mark.parametrize(
    ("truth", "expected", "other"),
    [(disc(SIZE), "refine_in_two_passes", "refine_with_network"),
     (hairy(SIZE), "refine_with_network", "refine_in_two_passes")],
)  # fmt: skip
def test_hair_gets_the_network_and_a_mug_does_not(
    truth: Floats, expected: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, matte = scene(truth), coarse(truth)
    target = getattr(auto_refinement, expected)(picture, matte)
    monkeypatch.delattr(auto_refinement, other)
    assert np.array_equal(refine_automatically(picture, matte).alpha, target.alpha)


def test_a_crisp_edge_is_found_better_in_two_passes() -> None:
    truth = disc(LARGE)
    picture, given = scene(truth), coarse(truth)
    once, again = (
        matting.sad(m.alpha / np.float32(255), truth)
        for m in (refine(picture, given), refine_in_two_passes(picture, given))
    )
    assert again < 0.8 * once


def test_the_second_pass_keeps_bit_depth_and_transparency() -> None:
    truth = disc(LARGE)
    eight, given = scene(truth), coarse(truth)
    hidden = np.full(LARGE, 65535, np.uint16)
    hidden[:150] = 0
    made = refine_in_two_passes(eight.with_pixels(eight.rgb.astype(np.uint16) * 257, hidden), given)
    assert made.bit_depth.peak == 65535
    assert not made.alpha[:150].any()
    apart = np.abs(made.alpha[150:] / 257 - refine_in_two_passes(eight, given).alpha[150:])
    assert apart.mean() < 0.02
    assert np.quantile(apart, 0.999) <= 1


def test_a_small_picture_gets_one_pass() -> None:
    truth = disc(SIZE)
    picture, given = scene(truth), coarse(truth)
    assert np.array_equal(refine_in_two_passes(picture, given).alpha, refine(picture, given).alpha)


def test_softness_is_the_width_of_the_uncertain_band() -> None:
    ramp = np.tile(np.linspace(-9, 10, 20).clip(0, 1) * 65535, (30, 1)).astype(np.uint16)
    assert edge_softness(ramp) == 0
    wide = np.tile((np.arange(20) / 19 * 65535).astype(np.uint16), (30, 1))
    assert edge_softness(wide) == pytest.approx(16)
    assert edge_softness(np.zeros((8, 8), np.uint16)) == 0
