"""How well several subjects are told apart: mean average precision over instances.

Lin et al., Microsoft COCO (2014): greedy matching in the order of scores, precision at 101 recalls, mean over the mask
IoUs 0.5, 0.55 .. 0.95; one class, no crowds. Knows nothing of pictures or networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOU_THRESHOLDS = tuple(k / 100 for k in range(50, 100, 5))
MAX_DETECTIONS = 100  # best answers per picture


@dataclass(frozen=True, eq=False)
class InstanceEvaluation:
    """One picture: `masks` N x H x W bool with `scores` N, and the true ones, `truth` M x H x W bool."""

    masks: NDArray[np.bool_]
    scores: NDArray[np.float64]
    truth: NDArray[np.bool_]


def mean_average_precision(pictures: Sequence[InstanceEvaluation]) -> float:
    """Mean over the ten IoU thresholds, 0..1; NaN when there is no true instance at all."""
    return float(np.mean([average_precision(pictures, t) for t in IOU_THRESHOLDS]))


def average_precision(pictures: Sequence[InstanceEvaluation], iou_threshold: float) -> float:
    """Area under the interpolated precision at 101 recalls, matches needing this mask IoU; NaN without instances."""
    known = sum(len(p.truth) for p in pictures)
    if not known:
        return float("nan")
    scores, hits = [], []
    for picture in pictures:
        order = np.argsort(-picture.scores, kind="stable")[:MAX_DETECTIONS]
        scores.append(picture.scores[order])
        hits.append(_match_detections(pairwise_iou(picture.masks[order], picture.truth), iou_threshold))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    right = np.concatenate(hits)[order].cumsum()
    recall, precision = right / known, right / np.arange(1, len(right) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101))
    return float(np.append(precision, 0.0)[at].mean())


def pairwise_iou(masks: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """IoU of each mask with each true one, N x M."""
    a, b = (m.reshape(len(m), -1).astype(np.float64) if len(m) else np.zeros((0, 1)) for m in (masks, truth))
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)))
    both = a @ b.T
    return np.asarray(both / np.maximum(a.sum(1)[:, None] + b.sum(1)[None] - both, 1))


def _match_detections(iou: NDArray[np.float64], iou_threshold: float) -> NDArray[np.bool_]:
    """Whether each answer, best score first, finds a true instance that none before it has taken."""
    free = np.ones(iou.shape[1], bool)
    hits = np.zeros(iou.shape[0], bool)
    for i, row in enumerate(iou):
        best = int(np.argmax(np.where(free, row, -1.0))) if free.any() else -1
        if best >= 0 and row[best] >= iou_threshold:
            free[best], hits[i] = False, True
    return hits
