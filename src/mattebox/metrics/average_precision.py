"""Mean average precision of detected instances.

Lin et al., Microsoft COCO (2014): greedy matching in the order of scores, precision at 101 recalls, mean over the mask
IoUs 0.5, 0.55 .. 0.95; one class, no crowds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOU_THRESHOLDS = tuple(k / 100 for k in range(50, 100, 5))
MAX_DETECTIONS = 100  # with the highest scores, in each picture
RECALL_LEVELS = 101


@dataclass(frozen=True, eq=False)
class InstanceEvaluation:
    """One picture: detected `masks` N x H x W bool with `scores` N, and the true masks, `truth` M x H x W bool."""

    masks: NDArray[np.bool_]
    scores: NDArray[np.float64]
    truth: NDArray[np.bool_]


def mean_average_precision(pictures: Sequence[InstanceEvaluation]) -> float:
    """Mean average precision over the ten IoU thresholds, 0..1; NaN when there is no true instance."""
    return float(np.mean([average_precision(pictures, t) for t in IOU_THRESHOLDS]))


def average_precision(pictures: Sequence[InstanceEvaluation], iou_threshold: float) -> float:
    """Average precision at one IoU threshold.

    Parameters
    ----------
    pictures : sequence of InstanceEvaluation
        The pictures of a data set.
    iou_threshold : float
        Mask IoU that a match needs.

    Returns
    -------
    float
        Area under the interpolated precision at 101 recalls, 0..1; NaN when there is no true instance.
    """
    true_count = sum(len(p.truth) for p in pictures)
    if not true_count:
        return float("nan")
    scores, hits = [], []
    for picture in pictures:
        order = np.argsort(-picture.scores, kind="stable")[:MAX_DETECTIONS]
        scores.append(picture.scores[order])
        hits.append(_match_detections(pairwise_iou(picture.masks[order], picture.truth), iou_threshold))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    hit_counts = np.concatenate(hits)[order].cumsum()
    recall, precision = hit_counts / true_count, hit_counts / np.arange(1, len(hit_counts) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    index = np.searchsorted(recall, np.linspace(0, 1, RECALL_LEVELS))
    return float(np.append(precision, 0.0)[index].mean())


def pairwise_iou(masks: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """IoU of each mask with each true one, N x M."""
    a, b = (m.reshape(len(m), -1).astype(np.float64) if len(m) else np.zeros((0, 1)) for m in (masks, truth))
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    intersection = a @ b.T
    return np.asarray(intersection / np.maximum(a.sum(1)[:, None] + b.sum(1)[None] - intersection, 1))


def _match_detections(iou: NDArray[np.float64], iou_threshold: float) -> NDArray[np.bool_]:
    """Whether each detection (rows, best score first) matches a true instance that no earlier one has matched."""
    is_free = np.ones(iou.shape[1], bool)
    hits = np.zeros(iou.shape[0], bool)
    for i, row in enumerate(iou):
        best = int(np.argmax(np.where(is_free, row, -1.0))) if is_free.any() else -1
        if best >= 0 and row[best] >= iou_threshold:
            is_free[best], hits[i] = False, True
    return hits
