"""Average precision by hand, and against a plain loop over COCO's rules."""

import numpy as np
import pytest

from mattebox.metrics.average_precision import (
    InstanceEvaluation,
    average_precision,
    mean_average_precision,
    pairwise_iou,
)


def strips(*ranges: tuple[int, int]) -> np.ndarray:
    masks = np.zeros((len(ranges), 1, 100), bool)
    for mask, (start, stop) in zip(masks, ranges, strict=True):
        mask[0, start:stop] = True
    return masks


def test_by_hand() -> None:
    truth = strips((0, 20), (50, 70))
    masks = strips((0, 20), (30, 40), (50, 64))  # IoU 1, nothing, 0.7
    picture = InstanceEvaluation(masks, np.array([0.9, 0.8, 0.7]), truth)
    np.testing.assert_allclose(pairwise_iou(masks, truth), [[1, 0], [0, 0], [0, 0.7]])
    assert average_precision([picture], 0.5) == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    assert average_precision([picture], 0.75) == pytest.approx(51 / 101)
    assert mean_average_precision([picture]) == pytest.approx((5 * (51 + 100 / 3) + 5 * 51) / 1010)


def test_a_second_detection_of_one_subject_is_false() -> None:
    twice = InstanceEvaluation(strips((0, 20), (0, 19)), np.array([0.5, 0.9]), strips((0, 20)))
    assert average_precision([twice], 0.5) == 1  # found first; the repeat comes after full recall
    assert average_precision([twice, InstanceEvaluation(strips(), np.zeros(0), strips((0, 9)))], 0.5) == pytest.approx(
        51 / 101
    )


def test_without_true_instances_there_is_no_precision() -> None:
    assert np.isnan(mean_average_precision([InstanceEvaluation(strips(), np.zeros(0), strips())]))
    assert mean_average_precision([InstanceEvaluation(strips(), np.zeros(0), strips((0, 5)))]) == 0


def plain(pictures: list[InstanceEvaluation], threshold: float) -> float:
    answers = sorted(((s, i, j) for i, p in enumerate(pictures) for j, s in enumerate(p.scores)), reverse=True)
    taken: set[tuple[int, int]] = set()
    known, right, curve = sum(len(p.truth) for p in pictures), 0, []
    for n, (_, i, j) in enumerate(answers, 1):
        best, where = 0.0, -1
        for k, true in enumerate(pictures[i].truth):
            mask = pictures[i].masks[j]
            iou = (mask & true).sum() / (mask | true).sum()
            if (i, k) not in taken and iou > best:
                best, where = iou, k
        if best >= threshold:
            taken.add((i, where))
            right += 1
        curve.append((right / known, right / n))
    return float(np.mean([max((p for r, p in curve if r >= at), default=0) for at in np.linspace(0, 1, 101)]))


@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_as_a_plain_loop(threshold: float) -> None:
    rng = np.random.default_rng(4)
    pictures = []
    for _ in range(6):
        starts = rng.integers(0, 80, 5)
        truth = strips(*((s, s + 18) for s in starts))
        masks = strips(*((s + d, s + d + 18) for s, d in zip(starts, rng.integers(0, 6, 5), strict=True)))
        pictures.append(InstanceEvaluation(masks, rng.random(5), truth))
    assert average_precision(pictures, threshold) == pytest.approx(plain(pictures, threshold))
