"""Metrics against values worked out by hand."""

import numpy as np
import pytest

from mattebox.metrics.segmentation import f_curve, iou, mae, max_f

TRUTH = np.array([[1, 1], [0, 0]], np.float32)


def test_iou_by_hand() -> None:
    assert iou(np.array([[0.9, 0.2], [0.7, 0.1]], np.float32), TRUTH) == pytest.approx(1 / 3)
    assert iou(TRUTH, TRUTH) == 1
    assert iou(np.zeros_like(TRUTH), np.zeros_like(TRUTH)) == 1


def test_mae_by_hand() -> None:
    assert mae(np.array([[0.5, 1], [0, 0.25]], np.float32), TRUTH) == pytest.approx(0.75 / 4)


def test_f_by_hand() -> None:
    alpha = np.array([[1.0, 0.4], [0.8, 0.0]], np.float32)
    # all above 0.4: precision 2/3, recall 1; above 0.8: 1/2, 1/2; at 1: precision 1, recall 1/2
    best = max(1.3 * (2 / 3) / (0.3 * 2 / 3 + 1), 1.3 * 0.5 / (0.3 + 0.5))
    assert max_f(alpha, TRUTH) == pytest.approx(best)
    assert f_curve(alpha, TRUTH)[255] == pytest.approx(1.3 * 0.5 / (0.3 + 0.5))
    assert max_f(TRUTH, TRUTH) == pytest.approx(1)
