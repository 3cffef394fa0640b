"""Blurs of batches against scipy's, and at the edges. Needs torch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch", reason="torch is not part of the test lock")

from mattebox.training.data.blur import anisotropic_blur, box_blur, gaussian_blur  # noqa: E402


@pytest.mark.parametrize("sigma", [0.7, 1.6])
@pytest.mark.parametrize("channels", [1, 3])
def test_gaussian_blur_is_scipys(sigma: float, channels: int) -> None:
    x = np.random.default_rng(0).random((2, channels, 20, 31), np.float32)
    reach = max(1, round(3 * sigma))
    expected = ndimage.gaussian_filter(x, (0, 0, sigma, sigma), mode="nearest", radius=(0, 0, reach, reach))
    np.testing.assert_allclose(gaussian_blur(torch.from_numpy(x), sigma).numpy(), expected, atol=1e-5)


def test_an_anisotropic_blur_with_equal_deviations_is_gaussian() -> None:
    x = torch.rand(1, 3, 24, 24)
    difference = anisotropic_blur(x, 1.2, 1.2, 0.5) - gaussian_blur(x, 1.2)
    assert difference.abs().max() < 0.01


def test_box_blur_ignores_pixels_outside() -> None:
    x = torch.zeros(1, 1, 4, 4)
    x[..., 0, 0] = 1
    assert box_blur(x, 3)[0, 0, 0, 0] == pytest.approx(1 / 4)
