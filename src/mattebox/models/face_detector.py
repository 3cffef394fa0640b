"""Faces with five landmarks, for steps that restore or frame them; by any detector whose card finds faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.models.detections import Detections
from mattebox.models.object_detector import open_object_detector
from mattebox.types import Floats, Picture

FloatBox = tuple[float, float, float, float]

FACE_KIND = "face"


@dataclass(frozen=True, eq=False)
class Face:
    """A detected face, in pixels of the picture.

    Attributes
    ----------
    box : (float, float, float, float)
        Left, top, right, bottom.
    landmarks : 5 x 2 float32
        x and y of the eyes, the tip of the nose and the corners of the mouth; of a pair the left one first.
    score : float
        0..1.
    """

    box: FloatBox
    landmarks: Floats
    score: float


def detect_faces(picture: Picture, model: str, device: str = "auto", threads: int | None = None) -> list[Face]:
    """Detect all faces in a picture; those with the highest score first. Raises as `open_object_detector`."""
    detector = open_object_detector(model, device, threads)
    return faces_of(detector.detect(picture), detector.card.detection.kinds)


def faces_of(found: Detections, kinds: tuple[str, ...]) -> list[Face]:
    """The faces with landmarks among detections of these kinds."""
    is_face = np.array([kinds[k] == FACE_KIND for k in found.kinds], bool)
    chosen = found.select(is_face & ~np.isnan(found.landmarks).any((1, 2)))
    return [
        Face((float(left), float(top), float(right), float(bottom)), landmarks, float(score))
        for (left, top, right, bottom), landmarks, score in zip(
            chosen.boxes, chosen.landmarks, chosen.scores, strict=True
        )
    ]
