"""Haze: estimated where there is some, not in pale or plain photographs; removed; no cast imitated by it."""

import numpy as np
import pytest
import skimage.data

from mattebox.enhancement import dehazing
from mattebox.enhancement.colour_space import srgb_colour_space
from mattebox.enhancement.light_sample import sample_light
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Balance, Light
from mattebox.types import BitDepth, Picture, Pixels

SPACE = srgb_colour_space()


def add_synthetic_haze(pixels: Pixels, amount: float, remaining: float) -> Picture:
    return Picture(SPACE.encode(SPACE.decode(pixels) * np.float32(remaining) + np.float32(amount), BitDepth.EIGHT))


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_haze_is_estimated_and_removed(name: str) -> None:
    pixels = np.ascontiguousarray(getattr(skimage.data, name)())
    hazy = add_synthetic_haze(pixels, 0.25, 0.4)
    assert dehazing.estimate_haze(sample_light(Picture(pixels))) == 0
    assert 0.12 < dehazing.estimate_haze(sample_light(hazy)) < 0.26
    result = run_recipe(hazy, Recipe((Balance(white="auto"), Light(light="auto")))).picture.rgb.astype(float)
    assert np.ptp(np.percentile(result, (1, 99))) > 1.3 * np.ptp(np.percentile(hazy.rgb, (1, 99)))
    assert np.abs(result - pixels).mean() < 0.7 * np.abs(hazy.rgb.astype(float) - pixels).mean()
    grey = result.mean((0, 1)) / result.mean()
    assert np.abs(grey - pixels.mean((0, 1)) / pixels.mean()).max() < 0.3


def test_something_white_before_white_has_none() -> None:
    rgb = np.full((200, 200, 3), 252, np.uint8)
    rgb[60:140, 60:140] = np.linspace(170, 240, 80).astype(np.uint8)[:, None, None]
    assert dehazing.estimate_haze(sample_light(Picture(rgb))) == 0


def test_a_bare_wall_has_none() -> None:
    rng = np.random.default_rng(0)
    assert dehazing.estimate_haze(sample_light(Picture(rng.integers(140, 148, (200, 200, 3), np.uint8)))) == 0


def test_remove_haze_inverts_add_haze() -> None:
    light = np.random.default_rng(0).random((5, 5, 3), np.float32)
    np.testing.assert_allclose(dehazing.remove_haze(dehazing.add_haze(light, 0.3), 0.3), light, atol=1e-6)
    assert dehazing.remove_haze(light, 0) is light
