"""Sharpening: steeper edges, no halo beyond its limit, no amplified noise, no coloured fringes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.sharpening import sharpen_luminance
from mattebox.recipe.steps import Sharpen
from mattebox.types import Picture


def edge(dtype: type = np.uint8, soft: float = 1.5) -> Picture:
    peak = int(np.iinfo(dtype).max)
    across = 0.3 + 0.4 / (1 + np.exp(-(np.arange(90) - 45) / soft))
    return Picture(np.repeat(np.tile(across * peak, (150, 1))[..., None], 3, 2).astype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_edge_gets_steeper_and_no_halo(dtype: type) -> None:
    picture = edge(dtype)
    result = sharpen_luminance(picture, Sharpen(amount=200, radius=2, halo=0))
    before, after = (np.diff(p.rgb[75, :, 0].astype(int)).max() for p in (picture, result))
    assert after > 1.1 * before
    assert result.rgb.max() <= picture.rgb.max()
    assert result.rgb.min() >= picture.rgb.min()


@settings(max_examples=20)
@given(amount=st.integers(1, 300), radius=st.floats(0.3, 6), halo=st.integers(0, 20), seed=st.integers(0, 20))
def test_no_farther_past_its_neighbours_than_allowed(amount: int, radius: float, halo: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (20, 24, 1), dtype=np.uint8).repeat(3, 2)
    result = sharpen_luminance(Picture(grey), Sharpen(amount=amount, radius=radius, halo=halo, threshold=0)).rgb[..., 0]
    wide = np.pad(grey[..., 0].astype(int), 1, mode="edge")
    around = np.stack([wide[y : y + 20, x : x + 24] for y in range(3) for x in range(3)])
    allowed = 255 * halo / 100 + 1
    assert (result <= around.max(0) + allowed).all()
    assert (result >= around.min(0) - allowed).all()


def test_strips_leave_no_trace() -> None:
    """Constant down the picture before, constant down the picture after."""
    result = sharpen_luminance(edge(), Sharpen(amount=200, radius=4))
    assert np.ptp(result.rgb.astype(int), axis=0).max() == 0


def test_noise_is_left_alone() -> None:
    noisy = np.clip(128 + np.random.default_rng(1).normal(0, 3, (200, 200, 1)), 0, 255).astype(np.uint8).repeat(3, 2)
    before = noisy.astype(float).std()
    plain, careful = (sharpen_luminance(Picture(noisy), Sharpen(amount=150, threshold=t)).rgb.std() for t in (0, 3))
    assert plain > 1.5 * before
    assert careful < 1.1 * before


def test_ratios_stay() -> None:
    picture = Picture((edge().rgb * np.array([1, 0.7, 0.5])).astype(np.uint8))
    space, result = colour_space_of(picture), sharpen_luminance(picture, Sharpen(amount=150))
    a, b = (space.decode(p.rgb) for p in (picture, result))
    assert np.abs(a / a.max(-1, keepdims=True) - b / b.max(-1, keepdims=True)).max() < 0.03


def test_none_is_the_picture_itself() -> None:
    picture = edge()
    assert sharpen_luminance(picture, Sharpen()) is picture
    assert sharpen_luminance(picture, Sharpen(amount=50), np.zeros(picture.shape, np.uint8)) is picture
