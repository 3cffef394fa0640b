"""Parallax: near and far move against each other, what stays stays, and nothing of the subject is left behind it."""

import numpy as np
import pytest

from mattebox.lens.parallax import STILL_NEARNESS, ParallaxScene, render_view, separate_layers
from mattebox.lens.photograph_blur import Subject
from mattebox.types import Picture

SHAPE = (60, 100)
STEP = 10.0


def stripes() -> np.ndarray:
    """A wall with a bright column, (H, W, 3)."""
    wall = np.full((*SHAPE, 3), 50, np.uint8)
    wall[:, 20] = 250
    return wall


@pytest.mark.parametrize("nearness", [0.0, STILL_NEARNESS, 1.0])
def test_a_plane_moves_by_its_depth(nearness: float) -> None:
    scene = separate_layers(Picture(stripes()), np.full(SHAPE, nearness, np.float32), None)
    view = render_view(scene, (STEP, 0.0), margin=0)
    assert view[30, :, 0].argmax() == pytest.approx(20 - STEP * (nearness - STILL_NEARNESS), abs=0.6)


def test_without_a_step_the_photograph_is_seen() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8)
    scene = separate_layers(Picture(pixels), np.random.default_rng(1).random(SHAPE, np.float32), None)
    assert (render_view(scene, (0.0, 0.0), margin=0) == pixels).all()


def test_the_subject_moves_as_a_whole_before_an_even_wall() -> None:
    photograph, alpha = np.full((*SHAPE, 3), 50, np.uint8), np.zeros(SHAPE, np.uint8)
    photograph[20:40, 40:60], alpha[20:40, 40:60] = 200, 255
    subject = Subject(Picture(photograph, alpha), 1.0)
    scene = separate_layers(Picture(photograph), (alpha / 255).astype(np.float32), subject)
    assert isinstance(scene, ParallaxScene)
    assert np.abs(scene.background - 50).max() < 1
    view = render_view(scene, (STEP, 0.0), margin=0)[..., 0].astype(int)
    expected = np.full(SHAPE, 50)
    expected[20:40, 34:54] = 200  # by 10 x (1 - 0.4)
    assert np.abs(view - expected).max() <= 1
