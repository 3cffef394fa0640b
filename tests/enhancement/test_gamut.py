"""Gamut: colours outside are brought back, colours inside stay, and headroom is what is left."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebox.enhancement.colour_space import srgb_colour_space
from mattebox.enhancement.gamut import fit_to_gamut, gamut_headroom


@settings(max_examples=50)
@given(st.lists(st.floats(-1, 2, width=32), min_size=3, max_size=3))
def test_colours_outside_are_brought_back(values: list[float]) -> None:
    light = np.array([values], np.float32)
    fitted = fit_to_gamut(light, srgb_colour_space())
    assert fitted.min() >= -1e-5
    assert fitted.max() <= 1 + 1e-5
    if min(values) >= 0 and max(values) <= 1:
        assert fitted == pytest.approx(light, abs=1e-5)


def test_headroom_is_that_of_the_nearest_border() -> None:
    light = np.array([[0.5, 0.5, 0.5], [0.2, 0.9, 0.5]], np.float32)
    direction = np.array([[0.25, -0.1, 0], [-0.4, 0.01, 0]], np.float32)
    assert gamut_headroom(light, direction, 1e-6)[:, 0] == pytest.approx([2, 0.5])
