"""Keying by screen, brightness and clean plate, on composites whose alpha and colours are known."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.matting.chroma_screen import ChromaScreen, colour_difference, despill, detect_screen
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.keying import compute_key_matte, resolve_screen
from mattebox.matting.keying_method import parse_keying_method
from mattebox.types import Floats, Matte, Picture
from tests.fakes import composite, disc, hairy, mosaic

SIZE = (360, 480)
GREEN, BLUE = (0, 177, 64), (20, 60, 200)
MATTES = {"hard": disc(SIZE), "hair": hairy(SIZE), "soft": disc(SIZE, softness=12)}


def closed(path: str) -> Picture:
    raise AssertionError(f"{path} was opened")


def uneven(colour: tuple[int, int, int]) -> np.ndarray:
    """A screen that is a tenth darker above and lighter below."""
    return np.array(colour) * np.linspace(0.9, 1.1, SIZE[0])[:, None, None] * np.ones((*SIZE, 1))


def by(picture: Picture, text: str, tolerance: str = "normal", plate: Picture | None = None) -> Matte:
    key = parse_keying_method(text)
    assert key is not None
    return compute_key_matte(picture, key, tolerance, closed if plate is None else lambda _: plate)


def error(matte: Matte, truth: Floats) -> float:
    return float(np.abs(matte.alpha / matte.bit_depth.peak - truth).mean())


@pytest.mark.parametrize("colour", [GREEN, BLUE])
@pytest.mark.parametrize(("kind", "most"), [("hard", 0.002), ("hair", 0.002), ("soft", 0.01)])
@pytest.mark.parametrize("text", ["screen", "screen({})"])
def test_a_screen(chelsea: Picture, colour: tuple[int, int, int], kind: str, most: float, text: str) -> None:
    truth, front = MATTES[kind], mosaic(chelsea.rgb, SIZE)
    picture = composite(truth, front, uneven(colour))
    matte = by(picture, text.format("#{:02x}{:02x}{:02x}".format(*colour)))
    assert matte.found
    assert error(matte, truth) < most
    assert matte.alpha[truth == 0].max() == 0


@pytest.mark.parametrize("colour", [GREEN, BLUE])
def test_spill_is_removed_from_the_edge(coffee: Picture, colour: tuple[int, int, int]) -> None:
    truth, front = MATTES["hair"], mosaic(coffee.rgb, SIZE)
    picture = composite(truth, front, uneven(colour))
    matte = by(picture, "screen")
    key = parse_keying_method("screen")
    assert key is not None
    clean = despill(estimate_foreground(picture, matte), resolve_screen(picture, key))
    edge = (truth * ((truth > 0) & (truth < 1)))[..., None]

    def halo(shown: Picture) -> float:
        return float((edge * np.abs(shown.rgb - front.astype(float))).sum() / (3 * edge.sum()))

    assert halo(clean) < 0.4 * halo(picture)


@pytest.mark.parametrize("colour", [(255, 0, 255), (0, 255, 255), (190, 20, 220), (250, 220, 30)])
def test_screens_of_two_channels(coffee: Picture, colour: tuple[int, int, int]) -> None:
    """Magenta, cyan, purple and yellow: on a subject of the complementary hue, keyed and without spill at the rim."""
    truth, front = MATTES["hair"], np.clip(255 - np.array(colour), 40, 200)
    picture = composite(truth, front, uneven(colour).clip(0, 255))
    text = "screen(#{:02x}{:02x}{:02x})".format(*colour)
    matte, key = by(picture, text), parse_keying_method(text)
    assert key is not None
    assert error(matte, truth) < 0.003
    screen = resolve_screen(picture, key)
    assert len(screen.channels) == 2
    spilled = Picture(np.full((20, 60, 3), np.array(colour) // 2 + 60, np.uint8), np.full((20, 60), 255, np.uint8))
    assert spilled.alpha is not None
    spilled.alpha[:, :5] = 0
    assert colour_difference(despill(spilled, screen).rgb[:, 5:8] / 255, screen.channels).max() < 0.005


def test_sixteen_bits_and_a_picture_of_one_cell() -> None:
    picture = composite(MATTES["hard"], (200, 60, 40), GREEN, depth=16)
    assert error(by(picture, "screen"), MATTES["hard"]) < 0.002
    assert by(Picture(np.full((1, 1, 3), GREEN, np.uint8)), "screen(#00b140)").alpha.tolist() == [[0]]


def test_opaque_pixels_without_spill_stay() -> None:
    """Half the rim is spilled green; the red and the olive inside keep every bit, and so does red at the rim."""
    rgb = np.full((60, 80, 3), (200, 40, 40), np.uint8)
    rgb[:30, 5:8] = (120, 150, 110)
    rgb[30:, 30:40] = (110, 120, 40)
    alpha = np.full((60, 80), 255, np.uint8)
    alpha[:, :5] = 0
    made = despill(Picture(rgb, alpha), ChromaScreen((0.0, 0.7, 0.25), (1,))).rgb
    assert made[:30, 5:8].tolist() == np.full((30, 3, 3), (120, 120, 110)).tolist()
    rgb[:30, 5:8] = made[:30, 5:8]
    assert (made == rgb).all()


def test_the_screen_is_found() -> None:
    guide = np.full((60, 80, 3), np.array(GREEN) / 255, np.float32)
    guide[20:, 20:60] = (0.9, 0.2, 0.2)
    screen = detect_screen(guide)
    assert screen.channels == (1,)
    assert np.allclose(screen.colour, np.array(GREEN) / 255, atol=1e-6)


def test_a_picture_without_a_screen_is_refused(astronaut: Picture) -> None:
    with pytest.raises(UsageError, match="no screen along the border"):
        by(Picture(np.full((40, 60, 3), 128, np.uint8)), "screen")
    with pytest.raises(UsageError, match="clear hue"):
        parse_keying_method("screen(white)")


def test_brightness() -> None:
    glow = MATTES["soft"]
    for ground, light in ((0, 255), (250, 10)):
        matte = by(composite(glow, (light,) * 3, (ground,) * 3), "luma")
        assert error(matte, glow) < 0.01
    with pytest.raises(UsageError, match="same brightness everywhere"):
        by(Picture(np.full((40, 60, 3), 128, np.uint8)), "luma")


def test_a_clean_plate(astronaut: Picture, rocket: Picture) -> None:
    truth, back = MATTES["hard"], mosaic(rocket.rgb, SIZE)
    noise = np.random.default_rng(0).normal(0, 1, back.shape)
    picture = composite(truth, (230, 180, 60), np.clip(back + noise, 0, 255))
    matte = by(picture, "plate(empty.png)", plate=Picture(back))
    assert error(matte, truth) < 0.003
    assert by(Picture(back), "plate(empty.png)", plate=Picture(back)).found is False
    with pytest.raises(UsageError, match=r"the plate empty.png is 512 x 512"):
        by(picture, "plate(empty.png)", plate=astronaut)


def test_tolerance_in_words(coffee: Picture) -> None:
    picture = composite(MATTES["soft"], mosaic(coffee.rgb, SIZE), uneven(GREEN))
    shares = [float(by(picture, "screen", word).alpha.mean()) for word in ("tight", "normal", "loose")]
    assert shares[0] > shares[1] > shares[2]


@pytest.mark.parametrize("text", ["green", "screen(bleu)", "plate", "luma(3)", "network(x)"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_keying_method(text)


def test_enclosed_tinted_areas_stay_opaque() -> None:
    """A shirt that is a little green, and a green gem of the screen's own colour: the one stays, the other goes."""
    front = np.full((*SIZE, 3), (200, 60, 40), np.uint8)
    front[150:180, 200:230] = (90, 150, 80)
    front[190:220, 250:280] = GREEN
    matte = by(composite(MATTES["hard"], front, GREEN), "screen")
    assert matte.alpha[150:180, 200:230].min() == 255
    assert matte.alpha[195:215, 255:275].max() == 0
