"""J and F of a sequence, dtSSD and flicker, on masks whose measures are known."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.metrics.sequences import contour_accuracy, dtssd, flicker, region_similarity, summarise_frames


def draw_square(left: int, side: int = 20) -> np.ndarray:
    plane = np.zeros((60, 80), np.float32)
    plane[20 : 20 + side, left : left + side] = 1
    return plane


def test_j_is_the_mean_iou_with_recall_and_decay() -> None:
    truths = [draw_square(10)] * 8
    alphas = [draw_square(10)] * 6 + [draw_square(20)] * 2  # half of the square: 200 of 600 pixels
    score = region_similarity(alphas, truths)
    assert score.mean == pytest.approx((6 + 2 / 3) / 8)
    assert score.recall == 0.75
    assert score.decay == pytest.approx(2 / 3)


def test_f_forgives_a_pixel_and_not_ten() -> None:
    truths = [draw_square(30)] * 4
    assert contour_accuracy([draw_square(31)] * 4, truths).mean == 1.0
    assert contour_accuracy([draw_square(40)] * 4, truths).mean < 0.6


def test_a_short_sequence_has_no_decay() -> None:
    assert summarise_frames([1.0, 0.2]) == (0.6, 0.5, 0.0)
    with pytest.raises(ValueError, match="no frames"):
        summarise_frames([])


def test_another_number_of_frames_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        region_similarity([draw_square(1)], [draw_square(1)] * 2)


def test_dtssd_ignores_a_constant_error_and_counts_a_changing_one() -> None:
    truths = np.stack([draw_square(left) for left in (10, 12, 14)])
    assert dtssd(truths * np.float32(0.5) + np.float32(0.25), truths) == pytest.approx(
        0.5 * np.sqrt((np.diff(truths, axis=0) ** 2).mean())
    )
    assert dtssd(np.clip(truths + np.float32(0.1), 0, 2), truths) == pytest.approx(0, abs=1e-6)
    assert dtssd(truths[:1], truths[:1]) == 0


def test_flicker_is_the_deviation_over_time() -> None:
    still = np.stack([draw_square(10)] * 4)
    assert flicker(still) == 0
    still[::2] *= 0
    assert flicker(still) == pytest.approx(0.5 * 400 / 4800)
