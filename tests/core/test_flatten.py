"""Flattening onto white: rounded exactly, as the compositor does it."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.composition.alpha_compositing import flatten_onto_colour
from mattebox.core.flatten import flatten_on_white
from mattebox.types import Picture


def test_on_white_by_hand() -> None:
    rgb = np.full((1, 2, 3), (200, 150, 100), np.uint8)
    alpha = np.array([[128, 255]], np.uint8)
    assert flatten_on_white(Picture(rgb, alpha)).rgb.tolist() == [[[227, 202, 177], [200, 150, 100]]]


def test_an_opaque_picture_is_returned_itself() -> None:
    rgb = np.zeros((3, 4, 3), np.uint8)
    for picture in (Picture(rgb), Picture(rgb, np.full((3, 4), 255, np.uint8))):
        assert flatten_on_white(picture) is picture


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_agrees_with_the_compositor(dtype: type) -> None:
    rng, peak = np.random.default_rng(0), int(np.iinfo(dtype).max)
    picture = Picture(rng.integers(0, peak + 1, (150, 90, 3), dtype), rng.integers(0, peak + 1, (150, 90), dtype))
    expected = flatten_onto_colour(picture, (peak, peak, peak)).rgb
    assert (flatten_on_white(picture).rgb == expected).all()
