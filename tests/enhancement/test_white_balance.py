"""White balance: casts are corrected, photographs without one are left alone, and greys stay grey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.enhancement import dehazing, illuminant, illuminant_estimation, learned_illuminant, white_balance
from mattebox.enhancement.colour_space import Float64Array, srgb_colour_space
from mattebox.enhancement.light_sample import sample_light
from mattebox.errors import ModelError, UsageError
from mattebox.recipe.steps import Balance
from mattebox.types import Picture

SPACE = srgb_colour_space()
LAMP, SHADE = illuminant.light_from_kelvin(3200, SPACE), illuminant.light_from_kelvin(11000, SPACE)


def apply_illuminant(picture: Picture, light: Float64Array) -> Picture:
    linear = SPACE.decode(picture.rgb) * (light / light.max()).astype(np.float32)
    return picture.with_pixels(SPACE.encode(linear, picture.bit_depth), None)


@pytest.mark.parametrize(
    ("name", "light"),
    [("astronaut", LAMP), ("astronaut", SHADE), ("rocket", LAMP), ("rocket", SHADE), ("coffee", LAMP)],
)
def test_a_cast_is_corrected(name: str, light: Float64Array, request: pytest.FixtureRequest) -> None:
    seen = sample_light(apply_illuminant(request.getfixturevalue(name), light))
    left = illuminant.angular_error_degrees(illuminant_estimation.estimate_white_balance(seen).light_to_correct, light)
    assert left < 0.5 * illuminant.angular_error_degrees(np.ones(3), light)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket", "chelsea"])
def test_a_photograph_without_a_cast_is_left_alone(name: str, request: pytest.FixtureRequest) -> None:
    picture = request.getfixturevalue(name)
    result = white_balance.correct_white_balance(
        picture, illuminant_estimation.estimate_white_balance(sample_light(picture)).light_to_correct
    )
    assert np.abs(result.rgb.astype(int) - picture.rgb).mean() < 4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_known_light_leaves_a_grey_card_grey(dtype: type) -> None:
    peak = int(np.iinfo(dtype).max)
    card = Picture(np.repeat(np.linspace(0, 0.7 * peak, 600).astype(dtype).reshape(20, 30, 1), 3, axis=2))
    result = white_balance.correct_white_balance(apply_illuminant(card, LAMP), LAMP)
    assert np.ptp(result.rgb.astype(int), axis=-1).max() <= 2 + peak // 255
    assert result.rgb.dtype == dtype


def test_white_stays_white() -> None:
    white = Picture(np.full((4, 4, 3), 255, np.uint8))
    assert (white_balance.correct_white_balance(white, LAMP).rgb == 255).all()


@given(strength=st.floats(0, 1), seed=st.integers(0, 100))
def test_strength_lies_between_nothing_and_all(strength: float, seed: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    picture = Picture(rgb)
    whole, partial = (
        white_balance.correct_white_balance(picture, SHADE),
        white_balance.correct_white_balance(picture, SHADE, strength),
    )
    low, high = np.minimum(rgb, whole.rgb), np.maximum(rgb, whole.rgb)
    assert ((partial.rgb >= low) & (partial.rgb <= high)).all()
    assert white_balance.correct_white_balance(picture, SHADE, 0) is picture
    assert white_balance.correct_white_balance(picture, illuminant.NEUTRAL_LIGHT) is picture


def test_the_daylight_of_srgb_is_white() -> None:
    assert illuminant.light_from_kelvin(6504, SPACE) == pytest.approx(np.ones(3), abs=0.03)
    assert LAMP[0] > 1 > LAMP[2]
    assert SHADE[0] < 1 < SHADE[2]


def test_the_correction_that_a_step_asks_for(astronaut: Picture) -> None:
    assert (white_balance.plan_white_balance(Balance(), astronaut).light == 1).all()
    assert white_balance.plan_white_balance(Balance(white="3200 k"), astronaut).light == pytest.approx(LAMP)
    lamp = apply_illuminant(Picture(np.full((20, 20, 3), 128, np.uint8)), LAMP)
    for text in ("10,10", "50%,50%", "grey"):
        found = white_balance.plan_white_balance(Balance(white=text), lamp).light
        assert illuminant.angular_error_degrees(found, LAMP) < 1


@pytest.mark.parametrize("white", ["blue", "1000K", "1;2", "10,10,10", "nanK", "50%,150%"])
def test_invalid_values_are_refused(white: str) -> None:
    with pytest.raises(UsageError):
        white_balance.check_balance(Balance(white=white))


def test_places_outside_or_black_are_refused() -> None:
    black = Picture(np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(UsageError, match="outside"):
        white_balance.plan_white_balance(Balance(white="20,5"), black)
    with pytest.raises(UsageError, match="too dark"):
        white_balance.plan_white_balance(Balance(white="5,5"), black)


def test_nothing_to_see_is_no_cast() -> None:
    for value in (0, 255):
        sample = sample_light(Picture(np.full((30, 30, 3), value, np.uint8)))
        assert (illuminant_estimation.estimate_white_balance(sample).light_to_correct == 1).all()
        assert (illuminant_estimation.illuminant_estimates(sample)[0][1] == 1).all()


def test_filters_match_their_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned_illuminant, "load_card", lambda: {"sha256": "0" * 64})
    learned_illuminant.load_filters.cache_clear()
    with pytest.raises(ModelError, match="white-1"):
        learned_illuminant.load_filters()


def test_haze_is_estimated_with_the_illuminant(astronaut: Picture) -> None:
    hazy = astronaut.with_pixels((astronaut.rgb * 0.3 + 100).astype(np.uint8), None)
    expected = dehazing.estimate_haze(sample_light(hazy))
    assert expected > 0.05
    for white in ("auto", "grey", "3200K"):
        assert white_balance.plan_white_balance(Balance(white=white), hazy).haze == expected


@pytest.mark.parametrize(
    ("name", "kelvin"), [("astronaut", 2300), ("astronaut", 2600), ("coffee", 2300), ("rocket", 2600)]
)
def test_strong_tungsten_light_is_corrected(name: str, kelvin: int, request: pytest.FixtureRequest) -> None:
    """At least two thirds of what can be: near the border of the histograms it is estimated twice."""
    light = illuminant.light_from_kelvin(kelvin, SPACE)
    seen = sample_light(apply_illuminant(request.getfixturevalue(name), light))
    corrected = illuminant.log_chromaticity(illuminant_estimation.estimate_white_balance(seen).light_to_correct)
    assert corrected @ illuminant.log_chromaticity(light) > 0.66 * np.sum(illuminant.log_chromaticity(light) ** 2)


def test_the_sea_stays_blue() -> None:
    down = np.linspace(0, 1, 200)[:, None, None]
    sea = (1 - down) * np.array([10, 60, 170]) + down * np.array([30, 100, 220])
    rgb = np.repeat(sea, 300, 1) + np.random.default_rng(0).normal(0, 3, (200, 300, 3))
    estimate = illuminant_estimation.estimate_white_balance(sample_light(Picture(rgb.clip(0, 255).astype(np.uint8))))
    assert np.abs(illuminant.log_chromaticity(estimate.light_to_correct)).max() < 0.15


def test_a_pale_sky_stays_blue() -> None:
    """Blue with a little green, over dark land: no lamp has that colour, and corrected the sky turns beige."""
    up = np.linspace(1, 0, 200)[:, None, None]
    sky = np.repeat(up * np.array([120, 165, 190]) + (1 - up) * np.array([175, 205, 215]), 300, 1)
    sky[150:] = np.array([70, 72, 60]) + 20 * np.sin(np.arange(300))[:, None]
    rgb = (sky + np.random.default_rng(0).normal(0, 3, sky.shape)).clip(0, 255).astype(np.uint8)
    estimate = illuminant_estimation.estimate_white_balance(sample_light(Picture(rgb)))
    assert np.abs(illuminant.log_chromaticity(estimate.light_to_correct)).max() < 0.05


def test_warm_fur_is_no_cast(chelsea: Picture) -> None:
    """The estimators disagree by more than the cast that the learned one sees."""
    estimate = illuminant_estimation.estimate_white_balance(sample_light(chelsea))
    assert np.abs(illuminant.log_chromaticity(estimate.light_to_correct)).max() < 0.02
