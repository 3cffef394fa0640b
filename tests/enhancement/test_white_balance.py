"""White balance: casts put on are taken off, photographs without one are left alone, and greys stay grey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.enhancement import illuminant, learned_illuminant, white_balance
from mattebox.enhancement.linear_light import Matrix, sampled, space_of
from mattebox.errors import ModelError, UsageError
from mattebox.recipe.recipe import Balance
from mattebox.types import Picture

SPACE = space_of(Picture(np.zeros((1, 1, 3), np.uint8)))
LAMP, SHADE = illuminant.of_temperature(3200, SPACE), illuminant.of_temperature(11000, SPACE)


def under(picture: Picture, light: Matrix) -> Picture:
    linear = SPACE.decoded(picture.rgb) * (light / light.max()).astype(np.float32)
    return picture.with_pixels(SPACE.encoded(linear, picture.depth), None)


@pytest.mark.parametrize(
    ("name", "light"),
    [("astronaut", LAMP), ("astronaut", SHADE), ("rocket", LAMP), ("rocket", SHADE), ("coffee", LAMP)],
)
def test_a_cast_is_taken_off(name: str, light: Matrix, request: pytest.FixtureRequest) -> None:
    seen = sampled(under(request.getfixturevalue(name), light))
    left = illuminant.degrees(white_balance.judged(seen).light, light)
    assert left < 0.5 * illuminant.degrees(np.ones(3), light)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket", "chelsea"])
def test_a_photograph_without_a_cast_is_left_alone(name: str, request: pytest.FixtureRequest) -> None:
    picture = request.getfixturevalue(name)
    made = white_balance.balanced(picture, white_balance.judged(sampled(picture)).light)
    assert np.abs(made.rgb.astype(int) - picture.rgb).mean() < 4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_known_light_leaves_a_grey_card_grey(dtype: type) -> None:
    peak = int(np.iinfo(dtype).max)
    card = Picture(np.repeat(np.linspace(0, 0.7 * peak, 600).astype(dtype).reshape(20, 30, 1), 3, axis=2))
    made = white_balance.balanced(under(card, LAMP), LAMP)
    assert np.ptp(made.rgb.astype(int), axis=-1).max() <= 2 + peak // 255
    assert made.rgb.dtype == dtype


def test_white_stays_white() -> None:
    white = Picture(np.full((4, 4, 3), 255, np.uint8))
    assert (white_balance.balanced(white, LAMP).rgb == 255).all()


@given(strength=st.floats(0, 1), seed=st.integers(0, 100))
def test_strength_lies_between_nothing_and_all(strength: float, seed: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    picture = Picture(rgb)
    whole, part = white_balance.balanced(picture, SHADE), white_balance.balanced(picture, SHADE, strength)
    low, high = np.minimum(rgb, whole.rgb), np.maximum(rgb, whole.rgb)
    assert ((part.rgb >= low) & (part.rgb <= high)).all()
    assert white_balance.balanced(picture, SHADE, 0) is picture
    assert white_balance.balanced(picture, white_balance.NEUTRAL) is picture


def test_the_daylight_of_srgb_is_white() -> None:
    assert illuminant.of_temperature(6504, SPACE) == pytest.approx(np.ones(3), abs=0.03)
    assert LAMP[0] > 1 > LAMP[2]
    assert SHADE[0] < 1 < SHADE[2]


def test_what_a_step_asks_for(astronaut: Picture) -> None:
    assert (white_balance.wanted(Balance(), astronaut) == 1).all()
    assert white_balance.wanted(Balance(white="3200 k"), astronaut) == pytest.approx(LAMP)
    lamp = under(Picture(np.full((20, 20, 3), 128, np.uint8)), LAMP)
    for way in ("10,10", "50%,50%", "grey"):
        found = white_balance.wanted(Balance(white=way), lamp)
        assert illuminant.degrees(found, LAMP) < 1


@pytest.mark.parametrize("white", ["blue", "1000K", "1;2", "10,10,10", "nanK"])
def test_nonsense_is_refused(white: str) -> None:
    with pytest.raises(UsageError):
        white_balance.check(Balance(white=white))


def test_places_outside_or_black_are_refused() -> None:
    black = Picture(np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(UsageError, match="outside"):
        white_balance.wanted(Balance(white="20,5"), black)
    with pytest.raises(UsageError, match="too dark"):
        white_balance.wanted(Balance(white="5,5"), black)


def test_nothing_to_see_is_no_cast() -> None:
    for value in (0, 255):
        sample = sampled(Picture(np.full((30, 30, 3), value, np.uint8)))
        assert (white_balance.judged(sample).light == 1).all()
        assert (white_balance.estimates(sample)[0][1] == 1).all()


def test_patterns_are_what_their_card_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned_illuminant, "card", lambda: {"sha256": "0" * 64})
    learned_illuminant.patterns.cache_clear()
    with pytest.raises(ModelError, match="white-1"):
        learned_illuminant.patterns()
