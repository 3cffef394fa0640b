"""A tilted product is set upright; subjects without straight sides are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.composition import deskew, layer_composition
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut, Frame
from mattebox.types import BitDepth, Picture


def bottle(lean: float, depth: BitDepth = BitDepth.EIGHT) -> Picture:
    """A rectangle of 60 x 200 leaning clockwise in a canvas of 300 x 320, its upper half red."""
    y, x = np.mgrid[:300, :320].astype(float)
    c, s = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    across, down = (x - 159.5) * c + (y - 149.5) * s, -(x - 159.5) * s + (y - 149.5) * c
    inside = (abs(across) < 30) & (abs(down) < 100)
    rgb = np.zeros((300, 320, 3), depth.dtype)
    rgb[inside & (down < 0)] = (depth.peak, 0, 0)
    return Picture(rgb, np.where(inside, depth.peak, 0).astype(depth.dtype))


@pytest.mark.parametrize("lean", [-25.0, -8.0, -1.5, 3.0, 12.0, 28.0])
def test_the_tilt_is_measured(lean: float) -> None:
    alpha = bottle(lean).alpha
    assert alpha is not None
    assert deskew.tilt_degrees(alpha) == pytest.approx(lean, abs=0.6)


def shape(kind: str) -> NDArray[np.uint8]:
    y, x = np.mgrid[:200, :200].astype(float) - 99.5
    inside = {
        "disc": x * x + y * y < 80**2,
        "upright": (abs(x) < 30) & (abs(y) < 80),
        "cross": (abs(x + y) < 12) | (abs(x - y) < 12),
        "nothing": x > 1000,
        "line": (abs(x - y) < 1) & (abs(x) < 50),
    }[kind]
    return np.where(inside, 255, 0).astype(np.uint8)


@pytest.mark.parametrize("kind", ["disc", "upright", "cross", "nothing", "line"])
def test_shapes_without_a_tilt_are_left_alone(kind: str) -> None:
    assert deskew.tilt_degrees(shape(kind)) == 0


@pytest.mark.parametrize("depth", [BitDepth.EIGHT, BitDepth.SIXTEEN])
def test_turned_upright_it_is_a_rectangle_of_its_own_colours(depth: BitDepth) -> None:
    picture = bottle(12, depth)
    result, _ = deskew.rotate_picture(picture, deskew.rotation_degrees("upright", picture))
    assert result.alpha is not None
    solid = result.alpha == depth.peak
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == pytest.approx((200, 60), abs=5)
    assert (result.rgb[solid][:, 1:] == 0).all()
    top = result.rgb[rows[0] + 5, (columns[0] + columns[-1]) // 2]
    assert top[0] == pytest.approx(depth.peak, rel=0.01)


def test_quarter_turns_keep_every_bit_and_nothing_is_cut_off() -> None:
    picture = bottle(12)
    result, _ = deskew.rotate_picture(picture, 90)
    assert (result.rgb == np.rot90(picture.rgb, -1)).all()
    back, _ = deskew.rotate_picture(result, -90)
    assert (back.rgb == picture.rgb).all()
    leaning, _ = deskew.rotate_picture(picture, 33)
    assert leaning.alpha is not None
    assert picture.alpha is not None
    assert leaning.alpha.sum(dtype=np.int64) == pytest.approx(picture.alpha.sum(dtype=np.int64), rel=0.01)
    assert leaning.alpha[0].max() == leaning.alpha[:, 0].max() == 0


def test_no_turn_is_the_same_picture() -> None:
    picture = bottle(12)
    assert deskew.rotate_picture(picture, 0) == (picture, (0, 0))
    assert deskew.rotate_picture(picture, 360)[0] is picture


def test_invalid_values_are_refused() -> None:
    for text in ("left", "400", "", "1e3"):
        with pytest.raises(UsageError, match="how far to turn"):
            deskew.rotation_degrees(text, bottle(0))


def test_the_background_does_not_turn_along() -> None:
    """Behind a turned subject the photograph's blurred background stays where it was."""

    def refuse_image(path: str) -> Picture:
        raise AssertionError(path)

    photograph = np.zeros((300, 320, 3), np.uint8)
    photograph[:, 160:] = 200
    cutout = bottle(12)
    steps = (Cut(), Frame(rotate="upright"), Background(paint="blur"))
    result = layer_composition.compose_layers(
        Picture(photograph), cutout, (90, 30, 230, 270), Recipe(steps), refuse_image
    )
    assert result.backdrop is not None
    middle = result.backdrop.rgb[result.backdrop.shape[0] // 2]
    width = len(middle)
    assert middle[width // 2 - 100].max() < 40
    assert middle[width // 2 + 100].min() > 160
