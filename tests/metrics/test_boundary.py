"""Boundary F by hand, and against the benchmark's own way: outlines grown by a disk."""

import numpy as np
import pytest
from skimage.morphology import dilation, disk

from mattebox.metrics.boundary import boundary_f, outline
from tests.fakes import disc


def test_by_hand() -> None:
    truth = np.zeros((100, 100), np.float32)
    truth[20:60, 20:60] = 1
    assert boundary_f(truth, truth) == 1
    assert boundary_f(np.roll(truth, 2, 0), truth) == 1  # 0.008 of the diagonal is 1.13, rounded up to 2
    lines = boundary_f(np.roll(truth, 3, 0), truth)  # the two upright sides still match but for their ends
    assert 0.45 < lines < 0.6


def test_nothing_against_nothing_and_something() -> None:
    empty = np.zeros((20, 20), np.float32)
    assert boundary_f(empty, empty) == 1
    assert boundary_f(empty, disc((20, 20))) == boundary_f(disc((20, 20)), empty) == 0


@pytest.mark.parametrize("seed", range(3))
def test_as_the_benchmark_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, alpha = ((np.kron(rng.random((8, 10)), np.ones((16, 16))) > 0.6).astype(np.float32) for _ in range(2))
    alpha = np.where(rng.random(truth.shape) < 0.02, alpha, np.roll(truth, seed * 2, 1))
    a, b = outline(alpha > 0.5), outline(truth > 0.5)
    grown = disk(int(np.ceil(0.008 * np.hypot(*truth.shape))))
    precision = (a & (dilation(b.astype(np.uint8), grown) > 0)).sum() / a.sum()
    recall = (b & (dilation(a.astype(np.uint8), grown) > 0)).sum() / b.sum()
    assert boundary_f(alpha, truth) == pytest.approx(2 * precision * recall / (precision + recall))
