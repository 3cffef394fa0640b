"""The estimate of noise: white and correlated noise, texture, clipping, too small pictures."""

import numpy as np
import pytest
import skimage.data

from mattebox.core.smoothing_filters import gaussian_blur
from mattebox.enhancement.noise_estimation import estimate_noise


def flat_patch(noise: np.ndarray) -> np.ndarray:
    return (0.5 + noise).astype(np.float32)


def white_noise(sigma: float, side: int = 256) -> np.ndarray:
    return np.random.default_rng(0).normal(0, sigma, (side, side)).astype(np.float32)


@pytest.mark.parametrize("sigma", [2 / 255, 10 / 255, 25 / 255])
def test_white_noise_is_measured(sigma: float) -> None:
    assert estimate_noise([flat_patch(white_noise(sigma))]) == pytest.approx(sigma, rel=0.25)


@pytest.mark.parametrize("blur", [0.8, 1.5])
def test_noise_without_its_finest_scale_is_measured(blur: float) -> None:
    """As a camera and JPEG leave it: the diagonal band at the finest scale alone would find next to nothing."""
    noise = gaussian_blur(white_noise(20 / 255), blur)
    assert 0.35 * noise.std() < estimate_noise([flat_patch(noise)]) < 1.2 * noise.std()


def test_texture_beside_something_flat_is_no_noise() -> None:
    patch = flat_patch(white_noise(0.1))
    patch[:, 96:] = 0.5
    assert estimate_noise([patch]) < 0.002


def test_clipped_squares_do_not_count() -> None:
    patch = flat_patch(white_noise(10 / 255))
    patch[:128] = 1
    assert estimate_noise([patch]) == pytest.approx(10 / 255, rel=0.25)


def test_too_little_to_measure_is_no_noise() -> None:
    assert estimate_noise([]) == 0
    assert estimate_noise([flat_patch(white_noise(0.1, 40))]) == 0


def test_a_clean_photograph_has_hardly_any() -> None:
    grey = skimage.data.coffee().astype(np.float32).mean(2) / 255
    assert estimate_noise([grey]) < 1.2 / 255
