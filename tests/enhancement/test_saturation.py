"""Saturation and vibrance: hue and luminance stay, skin is spared, nothing is clipped."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.oklab import linear_to_oklab, oklab_to_linear
from mattebox.enhancement.saturation import adjust_saturation
from mattebox.recipe.steps import Colour
from mattebox.types import Picture


def patch(*colours: tuple[int, int, int]) -> Picture:
    return Picture(np.array([colours], np.uint8))


def chroma(picture: Picture) -> np.ndarray:
    return np.ptp(colour_space_of(picture).decode(picture.rgb), axis=-1)[0]


@settings(max_examples=40)
@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(0, 100))
def test_luminance_stays_and_grey_stays_grey(saturation: int, vibrance: int, seed: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 65536, (6, 6, 3)).astype(np.uint16)
    rgb[0] = rgb[0, :, :1]
    picture = Picture(rgb)
    result = adjust_saturation(picture, Colour(saturation=saturation, vibrance=vibrance))
    space = colour_space_of(picture)
    before, after = (space.decode(p.rgb) @ space.luminance_weights for p in (picture, result))
    assert np.abs(before - after).max() < 0.002
    assert np.ptp(result.rgb[0].astype(int), axis=-1).max() <= 1


def test_no_adjustment_returns_the_picture_itself() -> None:
    picture = patch((200, 100, 50))
    assert adjust_saturation(picture, Colour()) is picture


def test_less_than_all_saturation_is_grey() -> None:
    result = adjust_saturation(patch((200, 100, 50), (10, 200, 30)), Colour(saturation=-100))
    assert np.ptp(result.rgb.astype(int), axis=-1).max() <= 1


def test_vibrance_spares_skin_and_what_is_colourful_already() -> None:
    skin, pale, rich = (205, 150, 120), (120, 150, 205), (20, 60, 230)
    picture = patch(skin, pale, rich)
    grown = chroma(adjust_saturation(picture, Colour(vibrance=80))) / chroma(picture)
    assert grown[1] > 1.15
    assert 1 <= grown[0] < 1 + 0.5 * (grown[1] - 1)
    assert 1 <= grown[2] < 1 + 0.5 * (grown[1] - 1)


@pytest.mark.parametrize("amount", [-60, 40, 100])
def test_perceived_hue_stays(amount: int) -> None:
    """In Oklab, of colours that have room: orange does not turn yellow, nor blue purple."""
    picture = Picture(
        (np.array([[(180, 120, 90), (150, 110, 60), (90, 110, 170), (80, 140, 90), (160, 100, 130)]]) * 257).astype(
            np.uint16
        )
    )
    space = colour_space_of(picture)
    result = adjust_saturation(picture, Colour(saturation=amount))
    before, after = (linear_to_oklab(space.decode(p.rgb), space)[0] for p in (picture, result))
    turned = np.angle(np.exp(1j * (np.arctan2(after[:, 2], after[:, 1]) - np.arctan2(before[:, 2], before[:, 1]))))
    assert np.abs(np.degrees(turned)).max() < 1.0


@settings(max_examples=20)
@given(st.integers(0, 100))
def test_oklab_there_and_back(seed: int) -> None:
    light = np.random.default_rng(seed).random((50, 3)).astype(np.float32)
    space = colour_space_of(patch((0, 0, 0)))
    np.testing.assert_allclose(oklab_to_linear(linear_to_oklab(light, space), space), light, atol=1e-4)
    np.testing.assert_allclose(linear_to_oklab(np.ones((1, 3), np.float32), space), [[1, 0, 0]], atol=1e-3)


def test_only_where_it_may() -> None:
    picture = patch((200, 100, 50), (200, 100, 50))
    result = adjust_saturation(picture, Colour(saturation=50), np.array([[255, 0]], np.uint8))
    assert (result.rgb[0, 1] == picture.rgb[0, 1]).all()
    assert (result.rgb[0, 0] != picture.rgb[0, 0]).any()


@pytest.mark.parametrize("amount", [-100, 50, 100])
def test_more_is_more(amount: int) -> None:
    picture = patch((180, 120, 90), (90, 120, 180), (120, 180, 90))
    after = chroma(adjust_saturation(picture, Colour(saturation=amount)))
    assert (np.sign(after - chroma(picture)) == np.sign(amount)).all()
