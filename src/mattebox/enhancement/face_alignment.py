"""A face set upright in a square, and what was changed there brought back to where the face is.

The square is FFHQ's (Karras et al. 2019), as face networks know it: a turn, a size and a shift that bring five points
nearest to its own (Umeyama 1991). Pixels are resampled to the square's scale first, so that nothing is skipped when a
face is larger, and then turned. Knows nothing of networks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.io import resampling
from mattebox.types import BitDepth, Floats, ImageShape, Pixels

TEMPLATE_SIDE_PIXELS = 512
FFHQ_LANDMARKS = np.array(  # eyes, nose, corners of the mouth, in a square of 512
    [[192.98138, 239.94708], [318.90277, 240.1936], [256.63416, 314.01935], [201.26117, 371.41043],
     [313.08905, 371.15118]], np.float64)  # fmt: skip
MAX_LANCZOS_SIDE_PIXELS = 1024  # side to which a change is enlarged by the better filter; beyond, linearly


@dataclass(frozen=True, eq=False)
class FaceAlignment:
    """Square -> picture: place = turn @ place in the square + shift. `scale`: pixels of the picture to one of its."""

    matrix: NDArray[np.float64]
    translation: NDArray[np.float64]
    side: int

    @property
    def scale(self) -> float:
        return float(math.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    def bounding_box(self, size: ImageShape) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the part of a picture of `size` in which the square lies; may be empty."""
        corners = np.array([[0, 0], [self.side, 0], [0, self.side], [self.side, self.side]])
        places = corners @ self.matrix.T + self.translation
        (left, top), (right, bottom) = np.floor(places.min(0)) - 2, np.ceil(places.max(0)) + 2
        height, width = size
        return max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))


def estimate_alignment(landmarks: Floats, side: int = TEMPLATE_SIDE_PIXELS) -> FaceAlignment:
    """The pose whose square of `side` holds these five points (5 x 2, of the picture) best."""
    source, target = FFHQ_LANDMARKS * (side / TEMPLATE_SIDE_PIXELS), landmarks.astype(np.float64)
    a, b = source - source.mean(0), target - target.mean(0)
    norm = max(float((a * a).sum()), 1e-9)
    along, across = float((a * b).sum()) / norm, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / norm
    turn = np.array([[along, -across], [across, along]])
    return FaceAlignment(turn, target.mean(0) - turn @ source.mean(0), side)


def extract_aligned_face(rgb: Pixels, alignment: FaceAlignment) -> Floats:
    """The square, side x side x 3, 0..1; beyond the picture its last pixels go on."""
    left, top, right, bottom = alignment.bounding_box(rgb.shape[:2])
    part = rgb[top:bottom, left:right].astype(np.float32) / np.float32(BitDepth.of_pixels(rgb).peak)
    size = _scale_size(part.shape[:2], 1 / alignment.scale)
    near = _resize_planes(part, size)
    row, column = np.mgrid[: alignment.side, : alignment.side] + 0.5
    x, y = (alignment.matrix @ np.stack([column.ravel(), row.ravel()])) + alignment.translation[:, None]
    x, y = (x - left) * size[1] / part.shape[1] - 0.5, (y - top) * size[0] / part.shape[0] - 0.5
    return _sample_bilinear(near, x, y).reshape(alignment.side, alignment.side, 3).clip(0, 1)


def warp_back(change: Floats, alignment: FaceAlignment, size: ImageShape) -> tuple[tuple[slice, slice], Floats]:
    """The square's planes (side x side x n) in a picture of `size`: rows and columns, and what lies there (0 outside
    the square)."""
    left, top, right, bottom = alignment.bounding_box(size)
    side = max(1, min(round(alignment.side * alignment.scale), MAX_LANCZOS_SIDE_PIXELS))
    near = _resize_planes(change, (side, side))
    row, column = np.mgrid[top:bottom, left:right] + 0.5
    places = np.stack([column.ravel(), row.ravel()]) - alignment.translation[:, None]
    x, y = np.linalg.inv(alignment.matrix) @ places * (side / alignment.side) - 0.5
    inside = (x > -1) & (y > -1) & (x < side) & (y < side)
    made = _sample_bilinear(near, x, y) * inside[:, None]
    return (slice(top, bottom), slice(left, right)), made.reshape(bottom - top, right - left, -1)


def _scale_size(size: tuple[int, ...], factor: float) -> ImageShape:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _resize_planes(planes: Floats, size: ImageShape) -> Floats:
    box = (0.0, 0.0, float(planes.shape[1]), float(planes.shape[0]))
    return np.stack([resampling.crop_and_resize_plane(planes[..., i], box, size) for i in range(planes.shape[2])], 2)


def _sample_bilinear(planes: Floats, x: NDArray[np.float64], y: NDArray[np.float64]) -> Floats:
    """n x planes, between the four pixels around each place; the rim goes on."""
    height, width = planes.shape[:2]
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    u, v = (x - left).astype(np.float32)[:, None], (y - top).astype(np.float32)[:, None]
    upper = planes[top, left] + (planes[top, right] - planes[top, left]) * u
    lower = planes[bottom, left] + (planes[bottom, right] - planes[bottom, left]) * u
    made: Floats = upper + (lower - upper) * v
    return made
