"""Decoding of what face and plate detectors answer: grids of cells to boxes, as their authors do.

Each takes the network's outputs in the graph's order, or by name, and the size of its input; coordinates are in pixels
of that input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mattebox.models.detections import FACE_LANDMARKS, Detections, concatenate_detections
from mattebox.types import Floats, ImageShape

NamedOutputs = Mapping[str, NDArray[np.float32]]
Decoder = Callable[[NamedOutputs, ImageShape, float], Detections]

YUNET_STRIDES = (8, 16, 32)
CELL_STRIDE = 4  # of CenterFace and the embedded detector
SELECTED_VALUES = 7  # of a box that the graph has selected


def decode_yunet(outputs: NamedOutputs, size: ImageShape, min_score: float) -> Detections:
    """YuNet (Wu, Peng & Yu, 2023): three grids, each with a score, a box and five points."""
    parts = []
    for stride in YUNET_STRIDES:
        height, width = (s // stride for s in size)
        rows, columns = (g.reshape(-1, 1).astype(np.float32) for g in np.mgrid[:height, :width])
        position = np.concatenate([columns, rows], 1)
        cls, obj, box, points = (
            outputs[f"{kind}_{stride}"].reshape(height * width, -1) for kind in ("cls", "obj", "bbox", "kps")
        )
        centre, half = (position + box[:, :2]) * stride, np.exp(np.minimum(box[:, 2:], 8)) * (stride / 2)
        scores = np.sqrt(cls.clip(0, 1) * obj.clip(0, 1))[:, 0]
        landmarks = ((points + np.tile(position, FACE_LANDMARKS)) * stride).reshape(-1, FACE_LANDMARKS, 2)
        found = _as_detections(np.concatenate([centre - half, centre + half], 1), scores, landmarks)
        parts.append(found.select(found.scores >= min_score))
    return concatenate_detections(parts)


def decode_centerface(outputs: NamedOutputs, size: ImageShape, min_score: float) -> Detections:
    """CenterFace (Xu et al., 2019), and the embedded detector, which finds more kinds: for each cell of 4 x 4 pixels
    the score of each kind, logarithms of height and width, offsets of the centre, landmarks as shares of the box (of
    faces, kind 0); y before x."""
    heat, scale, offset, points = (o[0] for o in list(outputs.values())[:4])
    heat = _keep_local_maxima(heat)
    kinds, rows, columns = np.nonzero(heat >= min_score)
    half = np.exp(np.minimum(scale[::-1, rows, columns].T, 8)) * (CELL_STRIDE / 2)
    centre = (np.stack([columns, rows], 1) + offset[::-1, rows, columns].T + 0.5) * CELL_STRIDE
    boxes = np.concatenate([centre - half, centre + half], 1)
    shares = points[:, rows, columns].T.reshape(-1, FACE_LANDMARKS, 2)[..., ::-1]
    landmarks = boxes[:, None, :2] + shares * (2 * half)[:, None]
    landmarks[kinds != 0] = np.nan
    return _as_detections(boxes, heat[kinds, rows, columns], landmarks, kinds)


def decode_selected(outputs: NamedOutputs, size: ImageShape, min_score: float) -> Detections:
    """Graphs that select the boxes themselves, such as open-image-models' YOLOv9 (Wang et al., 2024): a row for each of
    picture, left, top, right, bottom, kind and score."""
    (rows,) = outputs.values()
    rows = rows.reshape(-1, SELECTED_VALUES)
    landmarks = np.full((len(rows), FACE_LANDMARKS, 2), np.nan, np.float32)
    found = _as_detections(rows[:, 1:5], rows[:, 6], landmarks, rows[:, 5].astype(np.int64))
    return found.select(found.scores >= min_score)


def _keep_local_maxima(scores: Floats) -> Floats:
    """Scores C x h x w, 0 where one of the eight neighbours has a higher one."""
    padded = np.pad(scores, ((0, 0), (1, 1), (1, 1)), constant_values=-1)
    height, width = scores.shape[1:]
    highest = scores
    for down in range(3):
        for across in range(3):
            highest = np.maximum(highest, padded[:, down : down + height, across : across + width])
    return np.where(scores >= highest, scores, 0)


def _as_detections(
    boxes: Floats, scores: Floats, landmarks: Floats, kinds: NDArray[np.int64] | None = None
) -> Detections:
    kinds = np.zeros(len(boxes), np.int64) if kinds is None else kinds
    return Detections(boxes.astype(np.float32), scores.astype(np.float32), kinds, landmarks.astype(np.float32))


DECODERS: Mapping[str, Decoder] = {
    "yunet": decode_yunet, "centerface": decode_centerface, "selected": decode_selected,
}  # fmt: skip
