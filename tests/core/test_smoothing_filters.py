"""Smoothing filters against plain sums, and the Gaussian's shape."""

import numpy as np
import pytest

from mattebox.core.smoothing_filters import approximate_gaussian_blur, box_filter, gaussian_blur


@pytest.mark.parametrize(("shape", "radius"), [((7, 9), 1), ((7, 9), 3), ((3, 20), 5), ((1, 1), 2)])
def test_box_filter_is_the_mean_of_the_samples_inside(shape: tuple[int, int], radius: int) -> None:
    plane = np.random.default_rng(0).random(shape, np.float32)
    expected = [
        [
            plane[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].mean()
            for x in range(shape[1])
        ]
        for y in range(shape[0])
    ]
    np.testing.assert_allclose(box_filter(plane, radius), expected, atol=1e-6)


def impulse(side: int) -> np.ndarray:
    plane = np.zeros((side, side), np.float32)
    plane[side // 2, side // 2] = 1
    return plane


def test_gaussian_blur_keeps_the_sum() -> None:
    blurred = gaussian_blur(impulse(31), 2)
    assert blurred.sum() == pytest.approx(1, abs=1e-5)
    assert blurred[15, 15] == pytest.approx(1 / (2 * np.pi * 4), rel=0.05)


def test_gaussian_blur_repeats_the_border() -> None:
    np.testing.assert_allclose(gaussian_blur(np.ones((5, 9), np.float32), 3), 1, atol=1e-5)


def test_three_boxes_are_near_a_gaussian_and_zero_outside() -> None:
    sigma = 20**0.5  # that of boxes of 9 samples exactly
    np.testing.assert_allclose(
        approximate_gaussian_blur(impulse(61), sigma), gaussian_blur(impulse(61), sigma), atol=0.001
    )
    assert approximate_gaussian_blur(np.ones((9, 9), np.float32), 3)[0, 0] < 0.5


def test_each_axis_has_its_own_sigma() -> None:
    blurred = approximate_gaussian_blur(impulse(61), 2, 6)
    assert (blurred.sum(0) > 1e-3).sum() > 2 * (blurred.sum(1) > 1e-3).sum()
    planes = np.dstack([impulse(61), 2 * impulse(61)])
    np.testing.assert_allclose(approximate_gaussian_blur(planes, 2, 6)[..., 1], 2 * blurred, atol=1e-6)
