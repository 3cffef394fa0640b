"""Parts of another hue on an exactly even backdrop: given back where they touch the subject, shadows never."""

from __future__ import annotations

import numpy as np

from mattebox.matting.uniform_backdrop import restore_coloured_parts
from mattebox.types import Matte, Picture

ORANGE, GREEN, GREY = (255, 130, 30), (150, 200, 80), (170, 170, 170)


def scene() -> tuple[Picture, Matte]:
    """An orange part that the network found, green beside it, a grey shadow below, a green label apart, on white."""
    rgb = np.full((200, 200, 3), 255, np.uint8)
    rgb[60:120, 40:100], rgb[60:120, 100:160] = ORANGE, GREEN
    rgb[120:140, 40:160], rgb[20:35, 20:60] = GREY, GREEN
    alpha = np.zeros((100, 100), np.uint8)
    alpha[30:60, 20:50] = 255
    return Picture(rgb), Matte(alpha, confidence=0.9, found=True, box=(20, 30, 50, 60))


def test_a_part_of_another_hue_is_given_back_and_nothing_else() -> None:
    picture, coarse = scene()
    alpha = restore_coloured_parts(picture, coarse).alpha
    assert (alpha[32:58, 22:78] > 250).all()
    assert (alpha[62:, :] < 5).all()  # the shadow
    assert (alpha[:20] < 5).all()  # the label apart


def test_a_photographed_backdrop_is_left_alone() -> None:
    picture, coarse = scene()
    noisy = picture.rgb.astype(int) - np.random.default_rng(0).integers(0, 3, picture.rgb.shape)
    assert restore_coloured_parts(Picture(noisy.astype(np.uint8)), coarse) is coarse


def test_a_whole_matte_is_returned_itself() -> None:
    picture, coarse = scene()
    alpha = coarse.alpha.copy()
    alpha[28:62, 18:82] = 255
    whole = coarse.with_alpha(alpha)
    assert restore_coloured_parts(picture, whole) is whole
