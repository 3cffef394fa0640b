"""Holes of photographs, on composites whose alpha is known."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.core.smoothing_filters import gaussian_blur
from mattebox.matting.colour_refinement import refine
from mattebox.matting.enclosed_ground import Holes
from mattebox.matting.hole_opening import open_holes
from mattebox.types import Floats, Matte, Picture, subject_box
from tests.fakes import composite, disc, mosaic

SIZE = (480, 640)
WALL = (226, 224, 220)


def ring(hole: int = 120) -> Floats:
    """A disc of radius 150 with a hole in it."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(y - 240, x - 320)
    outer, inner = (radius - distance + 0.5 for radius in (150, hole))
    return np.asarray(outer.clip(0, 1) * (1 - inner.clip(0, 1)), np.float32)


def filled_matte(radius: int = 150) -> Matte:
    """What a network says that has filled the hole: a disc, at a quarter of the size."""
    y, x = np.mgrid[: SIZE[0] : 4, : SIZE[1] : 4] + 1.5
    alpha = gaussian_blur((np.hypot(y - 240, x - 320) < radius).astype(np.float32), 1)
    pixels = np.rint(alpha * 65535).astype(np.uint16)
    return Matte(pixels, 0.95, True, subject_box(pixels))


def wall(grain: float = 2) -> np.ndarray:
    """A plain wall, lighter on the left, with grain."""
    light = np.linspace(1.03, 0.97, SIZE[1])[:, None]
    return (np.array(WALL) * light + np.random.default_rng(0).normal(0, grain, (*SIZE, 1))).clip(0, 255)


@pytest.mark.parametrize(("holes", "radius", "shift"), [("auto", 25, 100), ("auto", 60, 0), ("open", 40, 0)])
def test_a_hole_is_opened_and_refined_like_the_outer_edge(
    coffee: Picture, holes: Holes, radius: int, shift: int
) -> None:
    """A hole near the rim of a disc, a large one in its middle, and a smaller one there only by `open`."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    outer, inner = np.hypot(y - 240, x - 320), np.hypot(y - 240, x - 320 - shift)
    truth = ((150.5 - outer).clip(0, 1) * (1 - (radius + 0.5 - inner).clip(0, 1))).astype(np.float32)
    picture = composite(truth, mosaic(coffee.rgb, SIZE) * 0.6, wall())
    alpha = refine(picture, open_holes(picture, filled_matte(), holes)).alpha / 255
    assert alpha[inner < radius - 10].mean() < 0.02
    at_hole, at_rim = np.abs(inner - radius) < 8, np.abs(outer - 150) < 8
    assert np.abs(alpha - truth)[at_hole].mean() < max(0.05, 1.5 * np.abs(alpha - truth)[at_rim].mean())


def test_a_small_region_far_from_the_background_stays(coffee: Picture) -> None:
    """It is a highlight as likely as a hole."""
    picture, matte = composite(ring(40), mosaic(coffee.rgb, SIZE) * 0.6, wall()), filled_matte()
    assert open_holes(picture, matte, "auto") is matte


def test_keep_leaves_the_matte_as_it_is(coffee: Picture) -> None:
    picture, matte = composite(ring(), mosaic(coffee.rgb, SIZE), wall()), filled_matte()
    assert open_holes(picture, matte, "keep") is matte


@pytest.mark.parametrize("holes", ["auto", "open"])
def test_a_solid_subject_stays_whole(chelsea: Picture, holes: Holes) -> None:
    picture, matte = composite(disc(SIZE), mosaic(chelsea.rgb, SIZE), wall()), filled_matte()
    assert open_holes(picture, matte, holes) is matte


def test_a_background_with_texture_says_nothing(coffee: Picture, chelsea: Picture) -> None:
    picture, matte = composite(ring(), mosaic(coffee.rgb, SIZE), mosaic(chelsea.rgb, SIZE)), filled_matte()
    assert open_holes(picture, matte, "auto") is matte


def test_an_area_a_little_darker_than_the_wall_is_kept(coffee: Picture) -> None:
    front = np.where(disc(SIZE)[..., None] > 2, 0, mosaic(coffee.rgb, SIZE) * 0.6)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    front[np.hypot(y - 240, x - 320) < 70] = np.array(WALL) - 16  # a label, not the wall
    picture, matte = composite((np.hypot(y - 240, x - 320) < 150).astype(np.float32), front, wall()), filled_matte()
    assert open_holes(picture, matte, "auto") is matte
