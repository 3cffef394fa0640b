"""Skin spared by styles and colour transfer; everything else takes them on."""

import numpy as np
import pytest

from mattebox.enhancement.colour_transfer import transfer_colours
from mattebox.enhancement.skin_map import map_skin
from mattebox.enhancement.style_transfer import StyleTransform, apply_style
from mattebox.types import Picture

FACE, BACKDROP = (slice(80, 180), slice(195, 255)), (slice(0, 120), slice(0, 120))


def mean_change(before: Picture, after: Picture, place: tuple[slice, slice]) -> np.ndarray:
    return np.asarray((after.rgb[place].astype(float) - before.rgb[place]).mean((0, 1)))


def test_a_face_is_skin_and_its_backdrop_is_none(astronaut: Picture) -> None:
    skin = map_skin(astronaut).evaluate(slice(0, 512))
    assert skin.shape == astronaut.shape
    assert skin[FACE].mean() > 0.7
    assert skin[BACKDROP].mean() < 0.1


@pytest.mark.parametrize("method", ["monge", "reinhard"])
def test_skin_does_not_turn_blue(method: str, astronaut: Picture) -> None:
    noise = np.random.default_rng(0).normal(0, 20, (64, 64, 3))
    blue = Picture(np.clip(np.array([30, 60, 160]) + noise, 0, 255).astype(np.uint8))
    result = transfer_colours(astronaut, blue, method, 0.6)
    red, _, blue_level = result.rgb[FACE].astype(float).mean((0, 1))
    assert red > blue_level + 20
    backdrop = mean_change(astronaut, result, BACKDROP)
    assert backdrop[2] - backdrop[0] > 30


def test_a_style_spares_a_face(astronaut: Picture) -> None:
    shift = np.array([-0.2, 0.2, 0.2], np.float32).reshape(1, 3, 1, 1)
    result = apply_style(astronaut, StyleTransform(lambda x: x + shift, 4, 300_000))
    assert np.abs(mean_change(astronaut, result, FACE)).mean() < 20
    assert (
        np.abs(mean_change(astronaut, result, BACKDROP)).mean()
        > 1.5 * np.abs(mean_change(astronaut, result, FACE)).mean()
    )
