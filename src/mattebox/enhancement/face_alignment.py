"""Face alignment: a face warped upright into a square, and changes made there warped back.

The square is that of FFHQ (Karras et al., A style-based generator architecture for GANs, 2019), on which face networks
are trained. The similarity transform is the one that brings five landmarks nearest to the square's (Umeyama 1991).
Pixels are resampled to the square's scale before they are rotated, so that larger faces are antialiased.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.core.interpolation import linear_neighbours
from mattebox.io import resampling
from mattebox.types import BitDepth, Box, Floats, ImageShape, Pixels

TEMPLATE_SIDE_PIXELS = 512
FFHQ_LANDMARKS = np.array(  # eyes, nose, corners of the mouth, in a square of 512
    [[192.98138, 239.94708], [318.90277, 240.1936], [256.63416, 314.01935], [201.26117, 371.41043],
     [313.08905, 371.15118]], np.float64)  # fmt: skip
MAX_LANCZOS_SIDE_PIXELS = 1024  # changes are enlarged to this side by Lanczos, and beyond it linearly


@dataclass(frozen=True, eq=False)
class FaceAlignment:
    """The similarity transform (x, y) in the picture = `matrix` @ (x, y) in the square + `translation`."""

    matrix: NDArray[np.float64]
    translation: NDArray[np.float64]
    side: int

    @property
    def scale(self) -> float:
        """Pixels of the picture to one of the square."""
        return float(math.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    def bounding_box(self, size: ImageShape) -> Box:
        """The part of a picture of `size` in which the square lies, with a margin for filters; may be empty."""
        corners = np.array([[0, 0], [self.side, 0], [0, self.side], [self.side, self.side]])
        positions = corners @ self.matrix.T + self.translation
        (left, top), (right, bottom) = np.floor(positions.min(0)) - 2, np.ceil(positions.max(0)) + 2
        height, width = size
        return max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))


def estimate_alignment(landmarks: Floats, side: int = TEMPLATE_SIDE_PIXELS) -> FaceAlignment:
    """The least-squares alignment of five landmarks (5 x 2: x, y in pixels of the picture) with a square of `side`."""
    source, target = FFHQ_LANDMARKS * (side / TEMPLATE_SIDE_PIXELS), landmarks.astype(np.float64)
    a, b = source - source.mean(0), target - target.mean(0)
    norm = max(float((a * a).sum()), 1e-9)
    along, across = float((a * b).sum()) / norm, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / norm
    matrix = np.array([[along, -across], [across, along]])
    return FaceAlignment(matrix, target.mean(0) - matrix @ source.mean(0), side)


def extract_aligned_face(rgb: Pixels, alignment: FaceAlignment) -> Floats:
    """The square (side x side x 3, 0..1); border pixels are repeated outside the picture."""
    left, top, right, bottom = alignment.bounding_box(rgb.shape[:2])
    crop = rgb[top:bottom, left:right].astype(np.float32) / np.float32(BitDepth.of_pixels(rgb).peak)
    size = _scale_size(crop.shape[:2], 1 / alignment.scale)
    resized = _resize_planes(crop, size)
    row, column = np.mgrid[: alignment.side, : alignment.side] + 0.5
    x, y = (alignment.matrix @ np.stack([column.ravel(), row.ravel()])) + alignment.translation[:, None]
    x, y = (x - left) * size[1] / crop.shape[1] - 0.5, (y - top) * size[0] / crop.shape[0] - 0.5
    return _sample_bilinear(resized, x, y).reshape(alignment.side, alignment.side, 3).clip(0, 1)


def warp_back(change: Floats, alignment: FaceAlignment, size: ImageShape) -> tuple[tuple[slice, slice], Floats]:
    """Warp planes of the square (side x side x n) to where they lie in a picture of `size`.

    Returns
    -------
    tuple
        Rows and columns of the picture, and the planes there (0 outside the square).
    """
    left, top, right, bottom = alignment.bounding_box(size)
    side = max(1, min(round(alignment.side * alignment.scale), MAX_LANCZOS_SIDE_PIXELS))
    resized = _resize_planes(change, (side, side))
    row, column = np.mgrid[top:bottom, left:right] + 0.5
    offsets = np.stack([column.ravel(), row.ravel()]) - alignment.translation[:, None]
    x, y = np.linalg.inv(alignment.matrix) @ offsets * (side / alignment.side) - 0.5
    inside = (x > -1) & (y > -1) & (x < side) & (y < side)
    planes = _sample_bilinear(resized, x, y) * inside[:, None]
    return (slice(top, bottom), slice(left, right)), planes.reshape(bottom - top, right - left, -1)


def _scale_size(size: tuple[int, ...], factor: float) -> ImageShape:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _resize_planes(planes: Floats, size: ImageShape) -> Floats:
    box = (0.0, 0.0, float(planes.shape[1]), float(planes.shape[0]))
    return np.stack([resampling.crop_and_resize_plane(planes[..., i], box, size) for i in range(planes.shape[2])], 2)


def _sample_bilinear(planes: Floats, x: NDArray[np.float64], y: NDArray[np.float64]) -> Floats:
    """n x planes: H x W x planes at n positions; border samples are repeated outside."""
    top, bottom, down = linear_neighbours(y, planes.shape[0])
    left, right, across = linear_neighbours(x, planes.shape[1])
    upper = planes[top, left] + (planes[top, right] - planes[top, left]) * across[:, None]
    lower = planes[bottom, left] + (planes[bottom, right] - planes[bottom, left]) * across[:, None]
    result: Floats = upper + (lower - upper) * down[:, None]
    return result
