"""Refinement against known mattes: it must beat plain enlarging where edges are sharp or hairy, and know its limits."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.io import resampling
from mattebox.matting.auto_refinement import refine_in_two_passes
from mattebox.matting.colour_refinement import clip_haze, grid_scales, refine
from mattebox.matting.matte_operations import enlarge_matte
from mattebox.metrics.matting import mse, sad
from mattebox.types import Floats, ImageShape, Matte, Picture
from tests.fakes import composite, disc, hairy, mosaic

SIZE = (600, 800)


def coarse(alpha: Floats, size: ImageShape = (120, 160)) -> Matte:
    """A known matte as a network gives it: reduced, and a little blurred."""
    small = resampling.shrink(np.round(alpha * 255).astype(np.uint8), size).astype(np.float32) / 255
    for axis in (0, 1):
        small = (np.roll(small, 1, axis) + 2 * small + np.roll(small, -1, axis)) / 4
    return Matte(np.round(small * 65535).astype(np.uint16), 0.9, True, (0, 0, size[1], size[0]))


def errors(picture: Picture, truth: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """SAD and MSE of plain enlarging and of refinement."""
    given = coarse(truth)
    mattes = [
        method(picture, given).alpha.astype(np.float32) / picture.bit_depth.peak for method in (enlarge_matte, refine)
    ]
    return tuple((sad(m, truth), mse(m, truth)) for m in mattes)  # type: ignore[return-value]


@pytest.mark.parametrize("depth", [8, 16])
def test_a_sharp_edge_is_found_again(depth: int) -> None:
    truth = disc(SIZE)
    plain, refined = errors(composite(truth, (200, 150, 100), (40, 60, 90), depth), truth)
    assert refined[0] < 0.1 * plain[0]
    assert refined[1] < 0.05 * plain[1]


def test_hair_is_found_on_photographs(astronaut: Picture, rocket: Picture) -> None:
    truth = hairy(SIZE)
    picture = composite(truth, mosaic(astronaut.rgb, SIZE), mosaic(rocket.rgb, SIZE))
    plain, refined = errors(picture, truth)
    assert refined[0] < 0.4 * plain[0]
    assert refined[1] < 0.3 * plain[1]


def test_a_rim_that_neither_colour_model_knows_stays_with_the_subject() -> None:
    """Thinner than a cell of the models, where the network's edge lies within it: it was torn off in stretches."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    radius = np.hypot(y - SIZE[0] / 2, x - SIZE[1] / 2)
    whole, inner, known = ((r - radius).clip(0, 1).astype(np.float32) for r in (180, 175, 179))
    cup = composite(inner, (91, 60, 12), (250, 179, 43))
    noise = np.random.default_rng(0).normal(0, 3, (*SIZE, 3))
    rgb = composite(whole, cup.rgb, (206, 196, 178)).rgb + noise
    picture = Picture(np.round(rgb).clip(0, 255).astype(np.uint8))
    alpha = refine_in_two_passes(picture, coarse(known)).alpha / 255
    rim = (radius > 175) & (radius < 179.5)
    assert alpha[rim].mean() > 0.9
    assert (alpha[rim] < 0.5).mean() < 0.02
    assert alpha[radius > 183].max() < 0.1


def test_without_contrast_the_coarse_matte_is_kept() -> None:
    truth = disc(SIZE, softness=12)
    picture, given = composite(truth, (120, 120, 120), (120, 120, 120)), coarse(truth)
    refined, expected = refine(picture, given), enlarge_matte(picture, clip_haze(given))
    assert np.abs(refined.alpha.astype(int) - expected.alpha).max() <= 2


def test_haze_and_holes_are_clipped() -> None:
    values = np.array([[0.0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0]])
    matte = Matte(np.round(values * 65535).astype(np.uint16), 0.9, True, (0, 0, 7, 1))
    assert (clip_haze(matte).alpha / 65535).tolist()[0] == pytest.approx([0, 0, 0, 0.5, 1, 1, 1], abs=1e-4)


def test_certain_alpha_stays_certain() -> None:
    truth = disc(SIZE)
    matte = refine(composite(truth, (200, 150, 100), (40, 60, 90)), coarse(truth))
    assert matte.alpha[:100].max() == 0
    assert matte.alpha[280:320, 380:420].min() == 255
    left, top, right, bottom = matte.box
    assert (left, top, right, bottom) == pytest.approx((220, 120, 580, 480), abs=2)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (37, 3), (61, 67), (257, 513)])
def test_odd_sizes(size: ImageShape) -> None:
    given = Matte(np.full((32, 64), 40000, np.uint16), 0.9, True, (0, 0, 64, 32))
    picture = Picture(np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8))
    for method in (enlarge_matte, refine):
        assert method(picture, given).alpha.shape == size


def test_what_was_transparent_stays_so() -> None:
    truth = disc(SIZE)
    opaque = composite(truth, (200, 150, 100), (40, 60, 90))
    hole = np.full(SIZE, 255, np.uint8)
    hole[290:310, 390:410] = 0
    hole[250:260] = 128
    matte = refine(opaque.with_pixels(opaque.rgb, hole), coarse(truth))
    assert matte.alpha[300, 400] == 0
    assert matte.alpha[255, 400] == 128


def test_scales_follow_the_network_resolution() -> None:
    assert grid_scales((2870, 3840), (288, 384)) == (5, 10)
    assert grid_scales((3000, 4000), (288, 384)) == (11, 11)
    assert grid_scales((3000, 4000), (288, 384), finer_grid=True) == (5, 10)
    assert grid_scales((866, 1154), (288, 384)) == (2, 4)
    assert grid_scales((866, 1154), (288, 384), finer_grid=True) == (3, 3)
    assert grid_scales((300, 400), (288, 384)) == (1, 2)
    assert grid_scales((300, 400), (288, 384), finer_grid=True) == (1, 1)
    assert grid_scales((100, 200), (288, 384)) == (1, 1)
