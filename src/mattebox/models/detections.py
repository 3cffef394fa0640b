"""Detected objects as arrays: boxes, scores, kinds and landmarks; and the suppression of what was found twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

FACE_LANDMARKS = 5  # the eyes, the tip of the nose and the corners of the mouth; of a pair the left one first
MAX_DETECTION_IOU = 0.35  # boxes of one kind that overlap more are of one object
MAX_SURROUNDING_RATIO = 4.0  # of areas, up to which a box around a better one is of the same object
MIN_WEIGHT = 1e-6  # of a box whose score is 0
MAX_CONTAINED_SHARE = 0.7  # so much of a box within a better one of its kind: a part of the same object


class Detections(NamedTuple):
    """n detected objects.

    Attributes
    ----------
    boxes : n x 4 float32
        Left, top, right, bottom in pixels.
    scores : n float32
        0..1.
    kinds : n int64
        Number of the kind of object, in the order of the detector's card.
    landmarks : n x 5 x 2 float32
        x and y; NaN where the detector gives none.
    """

    boxes: Floats
    scores: Floats
    kinds: NDArray[np.int64]
    landmarks: Floats

    def select(self, index: NDArray[np.bool_] | NDArray[np.int64]) -> Detections:
        """The detections of a mask, or of indices in their order."""
        return Detections(self.boxes[index], self.scores[index], self.kinds[index], self.landmarks[index])

    def transform(self, scale: tuple[float, float], offset: tuple[float, float] = (0.0, 0.0)) -> Detections:
        """Coordinates times `scale` (x, y), plus `offset` (x, y)."""
        factor, shift = np.array(scale, np.float32), np.array(offset, np.float32)
        boxes = (self.boxes.reshape(-1, 2, 2) * factor + shift).reshape(-1, 4)
        return self._replace(boxes=boxes, landmarks=self.landmarks * factor + shift)


def no_detections() -> Detections:
    """Detections of an empty picture."""
    landmarks = np.zeros((0, FACE_LANDMARKS, 2), np.float32)
    return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), landmarks)


def concatenate_detections(parts: Sequence[Detections]) -> Detections:
    """All detections of several pictures' parts, in their order."""
    parts = [no_detections(), *parts]
    return Detections(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def suppress_non_maxima(
    found: Detections, max_iou: float = MAX_DETECTION_IOU, max_part_ratio: float = math.inf
) -> Detections:
    """Of boxes of one kind that overlap, keep the one with the highest score, its sides averaged; best first.

    Parameters
    ----------
    found : Detections
    max_iou : float
        Intersection over union above which two boxes are of one object: the best one's sides become their mean,
        weighted by the squared scores (box voting, Gidaris & Komodakis 2015).
    max_part_ratio : float
        A box that lies within a better one is dropped, too, where that one's area is at most so many times as large.
    """
    remaining, kept = np.argsort(-found.scores, kind="stable"), []
    boxes = found.boxes.copy()
    while len(remaining):
        best, others = remaining[0], remaining[1:]
        kept.append(best)
        iou, contained = _overlaps(found.boxes[best], found.boxes[others], max_part_ratio)
        is_of_kind = found.kinds[others] == found.kinds[best]
        voters = others[is_of_kind & (iou > max_iou)]
        if len(voters):
            boxes[best] = _average_boxes(found, np.append(best, voters))
        remaining = others[~(is_of_kind & ((iou > max_iou) | (contained > MAX_CONTAINED_SHARE)))]
    return found._replace(boxes=boxes).select(np.array(kept, np.int64))


def _average_boxes(found: Detections, index: NDArray[np.int64]) -> Floats:
    """The mean of some boxes, weighted by their squared scores."""
    weights = found.scores[index] ** 2 + MIN_WEIGHT
    return np.asarray(weights @ found.boxes[index] / weights.sum(), np.float32)


def drop_surrounding(found: Detections, ratios: Sequence[float]) -> Detections:
    """Drop boxes around a better one of their kind that are many times larger: the same object, seen coarsely.

    Parameters
    ----------
    found : Detections
        The best first.
    ratios : sequence of float
        Of areas, for each kind; 0 drops none.
    """
    kept = np.ones(len(found.scores), bool)
    areas = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1)
    for number in range(1, len(kept)):
        ratio, kind, better = ratios[found.kinds[number]], found.kinds[number], slice(number)
        if ratio:
            within = _share_within(found.boxes[better], found.boxes[number]) > MAX_CONTAINED_SHARE
            is_same = within & (found.kinds[better] == kind) & (areas[number] >= ratio * areas[better])
            kept[number] = not is_same.any()
    return found.select(kept)


def _share_within(boxes: Floats, around: Floats) -> Floats:
    """The share of each box's area that lies within another box."""
    size = np.minimum(boxes[:, 2:], around[2:]) - np.maximum(boxes[:, :2], around[:2])
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-6), axis=1)
    return np.asarray(np.prod(np.maximum(size, 0), axis=1) / areas, np.float32)


def _overlaps(box: Floats, others: Floats, max_part_ratio: float) -> tuple[Floats, Floats]:
    """Intersection over union of a box with each of the others, and the share of each that lies within the box: 0 for
    one that is far smaller, 1 for one that is little larger and around it (the same object, seen coarsely)."""
    size = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    intersection = np.prod(np.maximum(size, 0), axis=1)
    areas = np.prod(np.maximum(others[:, 2:] - others[:, :2], 1e-6), axis=1)
    area = np.prod(np.maximum(box[2:] - box[:2], 1e-6))
    union = area + areas - intersection
    around = (intersection > MAX_CONTAINED_SHARE * area) & (areas < MAX_SURROUNDING_RATIO * area)
    within = np.where(area <= max_part_ratio * areas, intersection / areas, 0.0)
    return intersection / union, np.where(around, 1.0, within).astype(np.float32)
