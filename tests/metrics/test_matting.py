"""Matting errors: nothing for the same, the known amount for a known change."""

import numpy as np
import pytest

from mattebox.metrics.matting import gradient_error, mse, sad
from tests.fakes import disc


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
