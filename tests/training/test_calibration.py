"""Calibration on synthetic data whose solution is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.training.core.logistic_regression import logit, sigmoid
from mattebox.training.data.dataset import stream_samples
from mattebox.training.tasks.cutout.calibration import (
    choose_found_threshold,
    cross_validate_confidence,
    fit_confidence,
    predict_empty_backgrounds,
)


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


def test_at_most_one_empty_picture_in_twenty_passes_if_any_threshold_does_that() -> None:
    empty = np.concatenate([np.zeros(80), np.linspace(0.2, 0.5, 20)])
    threshold = choose_found_threshold(np.concatenate([np.full(30, 0.3), np.full(70, 0.9)]), empty)
    assert (empty >= threshold).mean() <= 0.05  # although a third of the subjects is missed, which costs more
    assert choose_found_threshold(np.full(10, 0.5), np.full(10, 0.95)) <= 0.5


def test_backgrounds_that_hold_a_subject_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "backgrounds"
    folder.mkdir()
    for number in range(12):
        Image.new("RGB", (20, 20), (number, 0, 0)).save(folder / f"{number:02}.png")
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    full = lambda rgb: (np.ones(rgb.shape[:2], np.float32), 0.5)  # noqa: E731
    held_out = [row.key for row, _, _ in stream_samples(tmp_path, "background", "val")]
    assert held_out
    assert len(predict_empty_backgrounds(full, tmp_path)) == len(held_out)
    assert len(predict_empty_backgrounds(full, tmp_path, frozenset(held_out[:1]))) == len(held_out) - 1
