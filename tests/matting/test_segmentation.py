"""Segmentation with a fake network: whole picture in, calibrated coarse matte out."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.segmentation import segment
from mattebox.types import Picture
from tests.fakes import composite, disc, fake_session


@pytest.mark.parametrize("size", [(300, 400), (1000, 250), (40, 50)])
def test_the_subject_is_where_it_is(size: tuple[int, int]) -> None:
    truth = disc(size, softness=4)
    matte = segment(composite(truth, (220, 60, 20), (20, 60, 220)), fake_session())
    left, top, right, bottom = matte.box
    height, width = matte.shape
    assert matte.found
    assert matte.confidence > 0.8
    assert abs((left + right) / 2 - width / 2) <= 1
    assert abs((top + bottom) / 2 - height / 2) <= 1
    assert (bottom - top) / height == pytest.approx(0.6 * min(size) / size[0], abs=0.08)


def test_an_empty_picture_has_no_subject() -> None:
    matte = segment(Picture(np.full((100, 100, 3), 90, np.uint8)), fake_session())
    assert not matte.found
    assert matte.confidence < 0.1


def test_depth_does_not_matter() -> None:
    truth = disc((200, 300), softness=4)
    one, other = (segment(composite(truth, (220, 60, 20), (20, 60, 220), d), fake_session()) for d in (8, 16))
    assert np.abs(one.alpha.astype(int) - other.alpha).max() < 0.05 * 65535


def test_colours_of_transparent_pixels_are_ignored() -> None:
    """A red disc under alpha 0 is no subject."""
    red = composite(disc((100, 100)), (220, 60, 20), (128, 128, 128))
    hidden = red.with_pixels(red.rgb, np.zeros((100, 100), np.uint8))
    assert segment(red, fake_session()).found
    assert not segment(hidden, fake_session()).found
