"""White balance: casts put on are taken off, photographs without one are left alone, and greys stay grey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.enhancement import illuminant, learned_illuminant, white_balance
from mattebox.enhancement.linear_light import Float64Array, colour_space_of, sample_light
from mattebox.errors import ModelError, UsageError
from mattebox.recipe.steps import Balance
from mattebox.types import Picture

SPACE = colour_space_of(Picture(np.zeros((1, 1, 3), np.uint8)))
LAMP, SHADE = illuminant.light_from_kelvin(3200, SPACE), illuminant.light_from_kelvin(11000, SPACE)


def under(picture: Picture, light: Float64Array) -> Picture:
    linear = SPACE.decode(picture.rgb) * (light / light.max()).astype(np.float32)
    return picture.with_pixels(SPACE.encode(linear, picture.bit_depth), None)


@pytest.mark.parametrize(
    ("name", "light"),
    [("astronaut", LAMP), ("astronaut", SHADE), ("rocket", LAMP), ("rocket", SHADE), ("coffee", LAMP)],
)
def test_a_cast_is_taken_off(name: str, light: Float64Array, request: pytest.FixtureRequest) -> None:
    seen = sample_light(under(request.getfixturevalue(name), light))
    left = illuminant.angular_error_degrees(white_balance.estimate_white_balance(seen).light_to_correct, light)
    assert left < 0.5 * illuminant.angular_error_degrees(np.ones(3), light)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket", "chelsea"])
def test_a_photograph_without_a_cast_is_left_alone(name: str, request: pytest.FixtureRequest) -> None:
    picture = request.getfixturevalue(name)
    made = white_balance.correct_white_balance(
        picture, white_balance.estimate_white_balance(sample_light(picture)).light_to_correct
    )
    assert np.abs(made.rgb.astype(int) - picture.rgb).mean() < 4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_known_light_leaves_a_grey_card_grey(dtype: type) -> None:
    peak = int(np.iinfo(dtype).max)
    card = Picture(np.repeat(np.linspace(0, 0.7 * peak, 600).astype(dtype).reshape(20, 30, 1), 3, axis=2))
    made = white_balance.correct_white_balance(under(card, LAMP), LAMP)
    assert np.ptp(made.rgb.astype(int), axis=-1).max() <= 2 + peak // 255
    assert made.rgb.dtype == dtype


def test_white_stays_white() -> None:
    white = Picture(np.full((4, 4, 3), 255, np.uint8))
    assert (white_balance.correct_white_balance(white, LAMP).rgb == 255).all()


@given(strength=st.floats(0, 1), seed=st.integers(0, 100))
def test_strength_lies_between_nothing_and_all(strength: float, seed: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    picture = Picture(rgb)
    whole, part = (
        white_balance.correct_white_balance(picture, SHADE),
        white_balance.correct_white_balance(picture, SHADE, strength),
    )
    low, high = np.minimum(rgb, whole.rgb), np.maximum(rgb, whole.rgb)
    assert ((part.rgb >= low) & (part.rgb <= high)).all()
    assert white_balance.correct_white_balance(picture, SHADE, 0) is picture
    assert white_balance.correct_white_balance(picture, white_balance.NEUTRAL_LIGHT) is picture


def test_the_daylight_of_srgb_is_white() -> None:
    assert illuminant.light_from_kelvin(6504, SPACE) == pytest.approx(np.ones(3), abs=0.03)
    assert LAMP[0] > 1 > LAMP[2]
    assert SHADE[0] < 1 < SHADE[2]


def test_what_a_step_asks_for(astronaut: Picture) -> None:
    assert (white_balance.resolve_illuminant(Balance(), astronaut) == 1).all()
    assert white_balance.resolve_illuminant(Balance(white="3200 k"), astronaut) == pytest.approx(LAMP)
    lamp = under(Picture(np.full((20, 20, 3), 128, np.uint8)), LAMP)
    for way in ("10,10", "50%,50%", "grey"):
        found = white_balance.resolve_illuminant(Balance(white=way), lamp)
        assert illuminant.angular_error_degrees(found, LAMP) < 1


@pytest.mark.parametrize("white", ["blue", "1000K", "1;2", "10,10,10", "nanK"])
def test_nonsense_is_refused(white: str) -> None:
    with pytest.raises(UsageError):
        white_balance.check_balance(Balance(white=white))


def test_places_outside_or_black_are_refused() -> None:
    black = Picture(np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(UsageError, match="outside"):
        white_balance.resolve_illuminant(Balance(white="20,5"), black)
    with pytest.raises(UsageError, match="too dark"):
        white_balance.resolve_illuminant(Balance(white="5,5"), black)


def test_nothing_to_see_is_no_cast() -> None:
    for value in (0, 255):
        sample = sample_light(Picture(np.full((30, 30, 3), value, np.uint8)))
        assert (white_balance.estimate_white_balance(sample).light_to_correct == 1).all()
        assert (white_balance.illuminant_estimates(sample)[0][1] == 1).all()


def test_patterns_are_what_their_card_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned_illuminant, "load_card", lambda: {"sha256": "0" * 64})
    learned_illuminant.load_filters.cache_clear()
    with pytest.raises(ModelError, match="white-1"):
        learned_illuminant.load_filters()
