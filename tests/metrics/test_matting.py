"""Matting errors: nothing for the same, the known amount for a known change."""

import numpy as np
import pytest
from skimage.measure import label

from mattebox.metrics.matting import connectivity_error, gradient_error, mse, sad
from tests.fakes import disc

ndimage = pytest.importorskip("scipy.ndimage")


def test_the_same_has_no_error() -> None:
    alpha = disc((60, 80), softness=6)
    assert sad(alpha, alpha) == mse(alpha, alpha) == gradient_error(alpha, alpha) == 0


def test_known_amounts() -> None:
    truth = np.zeros((100, 100), np.float32)
    other = truth.copy()
    other[:50] = 0.5
    assert sad(other, truth) == pytest.approx(5000 * 0.5 / 1000)
    assert mse(other, truth) == pytest.approx(0.125)


def test_a_ramp_has_its_slope() -> None:
    ramp = np.tile(np.arange(100, dtype=np.float32) / 100, (50, 1))
    inner = gradient_error(ramp, np.zeros_like(ramp))
    assert inner == pytest.approx(50 * 100 * 0.01**2 / 1000, rel=0.06)  # edges are flat
    assert gradient_error(disc((60, 80), 12), disc((60, 80), 1)) > gradient_error(disc((60, 80), 2), disc((60, 80), 1))


def test_a_loose_island_is_badly_connected() -> None:
    truth = np.zeros((20, 20), np.float32)
    truth[2:12, 2:12] = 1
    island = truth.copy()
    island[15:17, 15:18] = 1  # six pixels, joined at no level: 1 each
    assert connectivity_error(truth, truth) == 0
    assert connectivity_error(island, truth) == pytest.approx(6 / 1000)
    slack = truth.copy()
    slack[15:17, 15:18] = 0.14
    assert connectivity_error(slack, truth) == 0


def test_gradient_and_connectivity_as_the_paper_says() -> None:
    rng = np.random.default_rng(6)
    truth = disc((40, 60), softness=8)
    alpha = np.clip(truth + 0.3 * rng.standard_normal(truth.shape), 0, 1).astype(np.float32)
    slopes = []
    for plane in (alpha, truth):
        both = [ndimage.gaussian_filter(plane.astype(float), 1.4, order, mode="nearest") for order in ((0, 1), (1, 0))]
        slopes.append(np.hypot(*both))
    assert gradient_error(alpha, truth) == pytest.approx(float(((slopes[0] - slopes[1]) ** 2).sum()) / 1000, rel=0.02)
    level = np.full(truth.shape, -1.0)
    for k in range(1, 11):
        parts = label((alpha >= k / 10) & (truth >= k / 10), connectivity=1)
        largest = parts == np.bincount(parts[parts > 0]).argmax() if parts.any() else np.zeros(truth.shape, bool)
        level[(level == -1) & ~largest] = (k - 1) / 10
    level[level == -1] = 1
    joined = [1 - (p - level) * (p - level >= 0.15) for p in (alpha, truth)]
    assert connectivity_error(alpha, truth) == pytest.approx(float(np.abs(joined[0] - joined[1]).sum()) / 1000)
