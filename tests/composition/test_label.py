"""A label is legible on any picture, stands where it should, and never leaves the picture."""

from __future__ import annotations

import numpy as np
import pytest

import mattebox as mb
from mattebox.composition.label import add_label
from mattebox.errors import UsageError
from mattebox.recipe.steps import Label
from mattebox.types import Layer, Picture


def no_image(_: str) -> Picture:
    raise AssertionError


def draw(picture: Picture, **fields: object) -> Picture:
    return add_label(picture, (), Label(**fields), no_image)[0]  # type: ignore[arg-type]


def flat(level: int, size: tuple[int, int] = (300, 400), depth: type = np.uint8) -> Picture:
    return Picture(np.full((*size, 3), level, depth))


def changed_box(result: Picture, picture: Picture) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero((result.rgb != picture.rgb).any(axis)) for axis in ((1, 2), (0, 2)))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_white_text_is_legible_on_black_grey_and_white(level: int) -> None:
    picture = flat(level)
    left, top, right, bottom = changed_box(draw(picture, text="ai-edited", opacity=100), picture)
    area = draw(picture, text="ai-edited", opacity=100).rgb[top:bottom, left:right].astype(float).mean(2)
    assert area.max() > 240  # the letters
    assert np.median(area) < 135  # the plate: a contrast of 3:1 at least, as WCAG asks of large text


@pytest.mark.parametrize(
    ("position", "right_half", "bottom_half"),
    [
        ("bottom-right", True, True),
        ("bottom-left", False, True),
        ("top-right", True, False),
        ("top-left", False, False),
    ],
)
def test_it_stands_in_its_corner(position: str, right_half: bool, bottom_half: bool) -> None:
    picture = flat(128)
    left, top, right, bottom = changed_box(draw(picture, text="Studio", position=position), picture)
    assert (left > 200, right < 200) == (right_half, not right_half)
    assert (top > 150, bottom < 150) == (bottom_half, not bottom_half)
    assert min(left, top, 400 - right, 300 - bottom) >= 5


def test_size_and_opacity() -> None:
    picture = flat(255)
    small, large = (changed_box(draw(picture, text="Studio", size=size), picture) for size in (4, 12))
    assert large[3] - large[1] > 2.4 * (small[3] - small[1])
    half, full = (draw(picture, text="Studio", opacity=o).rgb.astype(float).min() for o in (40, 100))
    assert half > full + 40
    assert draw(picture, text="Studio", opacity=0) is picture
    assert draw(picture) is picture


@pytest.mark.parametrize("size", [(20, 30), (8, 500), (500, 8), (1, 1)])
def test_a_long_label_fits_into_any_picture(size: tuple[int, int]) -> None:
    picture = flat(200, size)
    result = draw(picture, text="Bearbeitet mit künstlicher Intelligenz " * 3, size=40.0)
    assert result.rgb.shape == picture.rgb.shape
    assert (result.rgb != picture.rgb).any()


def test_sixteen_bits_and_transparency_stay() -> None:
    alpha = np.zeros((300, 400), np.uint16)
    picture = Picture(flat(0, depth=np.uint16).rgb, alpha)
    result = draw(picture, text="Studio", opacity=100)
    assert result.rgb.dtype == np.uint16
    assert result.alpha is not None
    assert result.alpha.max() == 65535  # opaque where the letters are
    assert not result.alpha[:200].any()


def test_a_logo_keeps_its_colours_and_transparency() -> None:
    logo = Picture(np.full((40, 80, 3), (250, 120, 0), np.uint8), np.full((40, 80), 255, np.uint8))
    logo.alpha[:, :40] = 0  # type: ignore[index]
    picture = flat(30)
    result, _ = add_label(picture, (), Label(logo="logo.png", size=10.0, opacity=100), lambda _: logo)
    left, top, right, bottom = changed_box(result, picture)
    assert (bottom - top, right - left) == (30, pytest.approx(30, abs=3))  # half of it is transparent
    np.testing.assert_allclose(result.rgb[(top + bottom) // 2, right - 5], (250, 120, 0), atol=2)


def test_layers_get_one_of_their_own() -> None:
    picture = flat(100)
    _, layers = add_label(picture, (Layer("subject", picture),), Label(text="Studio"), no_image)
    assert [layer.name for layer in layers] == ["subject", "label"]
    assert layers[1].picture.alpha is not None
    assert layers[1].picture.alpha.any()


def test_in_python_and_what_is_refused() -> None:
    picture = flat(90)
    result = mb.enhance(picture, label="ai-edited", label_position="top-left")
    assert result.effective_stages == ("label",)
    assert changed_box(result.picture, picture)[0] < 20
    with pytest.raises(UsageError, match="one line"):
        mb.enhance(picture, label="two\nlines")
    with pytest.raises(UsageError, match="not a colour"):
        mb.enhance(picture, label="Studio", label_colour="whitish")
