"""The shapes that hide faces and plates: boxes grown over hair, ears and frames, of whole pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from mattebox.types import Box, Floats, ImageShape, Mask

ObjectKind = Literal["face", "plate"]
RegionShape = Literal["ellipse", "box"]
FloatBox = tuple[float, float, float, float]

# of the box's width and height: left, top, right, bottom
FACE_GROWTH = (0.28, 0.38, 0.28, 0.22)  # over ears, hair and chin
PLATE_GROWTH = (0.2, 0.35, 0.2, 0.35)  # over the frame, and where the plate is seen at an angle
MIN_GROWTH_PIXELS = 1.0


@dataclass(frozen=True)
class DetectedObject:
    """A face or plate in a picture.

    Attributes
    ----------
    kind : "face" or "plate"
    box : (float, float, float, float)
        Left, top, right, bottom in pixels, as the detector found it.
    score : float
        0..1.
    number : int
        From 1, by size; 0 where it has none.
    is_hidden : bool
        False for one that stays as it is.
    """

    kind: ObjectKind
    box: FloatBox
    score: float
    number: int = 0
    is_hidden: bool = True

    @property
    def area(self) -> float:
        """In pixels."""
        return max(self.box[2] - self.box[0], 0.0) * max(self.box[3] - self.box[1], 0.0)

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        box = [round(value, 1) for value in self.box]
        fields = {"number": self.number, "kind": self.kind, "box": box, "score": round(self.score, 4)}
        return fields | {"hidden": self.is_hidden}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """What `to_fields` gave."""
        left, top, right, bottom = fields["box"]
        return cls(fields["kind"], (left, top, right, bottom), fields["score"], fields["number"], fields["hidden"])


def grow_box(box: FloatBox, kind: ObjectKind, growth: float = 1.0) -> FloatBox:
    """The box grown on each side by its kind's share times `growth`, and by a pixel at least."""
    shares = FACE_GROWTH if kind == "face" else PLATE_GROWTH
    width, height = max(box[2] - box[0], 0.0), max(box[3] - box[1], 0.0)
    left, top, right, bottom = (
        max(MIN_GROWTH_PIXELS, growth * share * side)
        for share, side in zip(shares, (width, height, width, height), strict=True)
    )
    return box[0] - left, box[1] - top, box[2] + right, box[3] + bottom


def shape_of(kind: ObjectKind, face_shape: RegionShape) -> RegionShape:
    """Plates are always hidden by boxes."""
    return face_shape if kind == "face" else "box"


def pixel_box(box: FloatBox, shape: ImageShape) -> Box:
    """The whole pixels that a box touches, inside a picture of (height, width)."""
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(shape[1], math.ceil(box[2])), min(shape[0], math.ceil(box[3]))
    return left, top, max(left, right), max(top, bottom)


def region_mask(box: FloatBox, shape: RegionShape, pixels: Box) -> Mask:
    """Which pixels of `pixels`, a box of whole pixels, a shape touches: H x W of that box."""
    left, top, right, bottom = pixels
    if shape == "box":
        return np.ones((bottom - top, right - left), bool)
    return np.asarray(_relative_distances(box, shape, pixels) < 1)


def soft_mask(box: FloatBox, shape: RegionShape, pixels: Box, margin: float) -> Floats:
    """How much of each pixel of `pixels` is hidden: 1 in a shape, 0 from `margin` of its half size beyond it on."""
    beyond = _relative_distances(box, shape, pixels) - 1
    return np.asarray(np.clip(1 - beyond / margin, 0, 1), np.float32)


def scale_box(box: FloatBox, scale: float) -> FloatBox:
    """The box enlarged about its centre."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_width, half_height = (box[2] - box[0]) / 2 * scale, (box[3] - box[1]) / 2 * scale
    return x - half_width, y - half_height, x + half_width, y + half_height


def _relative_distances(box: FloatBox, shape: RegionShape, pixels: Box) -> np.ndarray:
    """Distance of each pixel's nearest point from the shape's centre: 1 on its outline, H x W."""
    left, top, right, bottom = pixels
    half_width, half_height = max((box[2] - box[0]) / 2, 0.5), max((box[3] - box[1]) / 2, 0.5)
    x = _distances(left, right, (box[0] + box[2]) / 2) / half_width
    y = _distances(top, bottom, (box[1] + box[3]) / 2) / half_height
    return np.maximum(x[None], y[:, None]) if shape == "box" else np.hypot(x[None], y[:, None])


def _distances(start: int, stop: int, centre: float) -> np.ndarray:
    """Distance from the centre of the nearest point of each pixel: 0 for the one that holds it."""
    edges = np.arange(start, stop, dtype=np.float64)
    return np.maximum(0.0, np.maximum(edges - centre, centre - (edges + 1)))
