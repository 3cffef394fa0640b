"""Blending on a colour: the arithmetic every viewer does."""

import numpy as np
import pytest

from mattebox.compose.background import over_colour
from mattebox.types import Picture


def test_known_blend_on_white() -> None:
    rgb = np.full((2, 3, 3), (200, 150, 100), np.uint8)
    alpha = np.array([[0, 128, 255]] * 2, np.uint8)
    out = over_colour(Picture(rgb, alpha), (255, 255, 255))
    assert out.alpha is None
    assert out.rgb[1].tolist() == [[255, 255, 255], [227, 202, 177], [200, 150, 100]]


def test_sixteen_bits() -> None:
    rgb = np.full((1, 1, 3), 65535, np.uint16)
    out = over_colour(Picture(rgb, np.full((1, 1), 16384, np.uint16)), (0, 0, 0))
    assert out.rgb.tolist() == [[[16384] * 3]]


def test_an_opaque_picture_is_itself() -> None:
    picture = Picture(np.zeros((4, 4, 3), np.uint8))
    assert over_colour(picture, (1, 2, 3)) is picture


def test_a_colour_outside_the_depth_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        over_colour(Picture(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8)), (0, 0, 256))
