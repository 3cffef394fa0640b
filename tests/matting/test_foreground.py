"""Foreground colours against known ones: no halo, and not a bit changed where nothing is mixed."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.foreground import estimate_foreground
from mattebox.types import Matte, Picture
from tests.fakes import composite, disc, mosaic

SIZE = (400, 600)


def known(picture: Picture, alpha: np.ndarray) -> Matte:
    whole = np.round(alpha * picture.bit_depth.peak).astype(picture.bit_depth.dtype)
    return Matte(whole, 1.0, True, (0, 0, picture.shape[1], picture.shape[0]))


@pytest.mark.parametrize("depth", [8, 16])
def test_flat_colours_come_back(depth: int) -> None:
    alpha = disc(SIZE, softness=9)
    picture = composite(alpha, (200, 150, 100), (20, 90, 220), depth)
    cutout = estimate_foreground(picture, known(picture, alpha))
    soft = (alpha > 0.1) & (alpha < 1)
    error = np.abs(cutout.rgb[soft] / picture.bit_depth.peak * 255 - (200, 150, 100))
    assert error.mean() < 6  # untouched, it is 49
    assert np.quantile(error, 0.99) < 20


def test_the_halo_shrinks_on_photographs(coffee: Picture, chelsea: Picture) -> None:
    alpha = disc(SIZE, softness=14)
    subject = mosaic(coffee.rgb, SIZE)
    picture = composite(alpha, subject, 255 - mosaic(chelsea.rgb, SIZE))
    cutout = estimate_foreground(picture, known(picture, alpha))
    weight = alpha[..., None] * ((alpha > 0) & (alpha < 1))[..., None]
    before = (weight * np.abs(picture.rgb - subject.astype(float))).sum()
    after = (weight * np.abs(cutout.rgb - subject.astype(float))).sum()
    assert after < 0.4 * before


def test_untouched_pixels_are_bit_exact(astronaut: Picture) -> None:
    alpha = disc(astronaut.shape, softness=5)
    matte = known(astronaut, alpha)
    cutout = estimate_foreground(astronaut, matte)
    whole = (matte.alpha == 0) | (matte.alpha == 255)
    assert (cutout.rgb[whole] == astronaut.rgb[whole]).all()
    assert (cutout.rgb[~whole] != astronaut.rgb[~whole]).any()
    assert cutout.alpha is matte.alpha


def test_a_hard_matte_changes_nothing(astronaut: Picture) -> None:
    matte = known(astronaut, (disc(astronaut.shape) > 0.5).astype(np.float32))
    assert (estimate_foreground(astronaut, matte).rgb == astronaut.rgb).all()


def test_a_matte_of_another_size_is_refused(astronaut: Picture) -> None:
    with pytest.raises(ValueError, match="refine or enlarge the matte first"):
        estimate_foreground(astronaut, Matte(np.zeros((9, 9), np.uint8), 1.0, True, (0, 0, 9, 9)))
