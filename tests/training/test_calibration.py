"""Calibration on synthetic data whose solution is known."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.training.tasks.cutout.calibration import (
    choose_found_threshold,
    cross_validate_confidence,
    fit_confidence,
)
from mattebox.training.tasks.cutout.logistic_regression import logit, sigmoid


def test_the_fit_finds_the_curve() -> None:
    promised = np.linspace(0.05, 0.95, 400)
    bias, slope = fit_confidence(promised, sigmoid(-0.7 + 1.4 * logit(promised)))
    assert (bias, slope) == pytest.approx((-0.7, 1.4), abs=0.02)


def test_a_reliable_promise_has_little_error() -> None:
    rng = np.random.default_rng(0)
    promised = rng.uniform(0.3, 0.98, 400)
    told = cross_validate_confidence(promised, np.clip(promised + rng.normal(0, 0.05, 400), 0, 1))
    assert told["calibration error"] < 0.03
    assert told["correlation"] > 0.9
    assert cross_validate_confidence(promised, rng.permutation(promised))["correlation"] < 0.2


def test_the_threshold_lies_between() -> None:
    assert 0.3 <= choose_found_threshold(np.linspace(0.5, 0.9, 50), np.linspace(0.0, 0.3, 50)) <= 0.5
