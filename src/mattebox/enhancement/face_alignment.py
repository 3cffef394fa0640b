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
from mattebox.types import Depth, Floats, Pixels, Size

SIDE = 512
TEMPLATE = np.array(  # eyes, nose, corners of the mouth, in a square of 512
    [[192.98138, 239.94708], [318.90277, 240.1936], [256.63416, 314.01935], [201.26117, 371.41043],
     [313.08905, 371.15118]], np.float64)  # fmt: skip
FINEST = 1024  # side to which a change is enlarged by the better filter; beyond, linearly


@dataclass(frozen=True, eq=False)
class Pose:
    """Square -> picture: place = turn @ place in the square + shift. `scale`: pixels of the picture to one of its."""

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]
    side: int

    @property
    def scale(self) -> float:
        return float(math.hypot(self.turn[0, 0], self.turn[1, 0]))

    def box(self, size: Size) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the part of a picture of `size` in which the square lies; may be empty."""
        corners = np.array([[0, 0], [self.side, 0], [0, self.side], [self.side, self.side]])
        places = corners @ self.turn.T + self.shift
        (left, top), (right, bottom) = np.floor(places.min(0)) - 2, np.ceil(places.max(0)) + 2
        height, width = size
        return max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))


def pose_of(points: Floats, side: int = SIDE) -> Pose:
    """The pose whose square of `side` holds these five points (5 x 2, of the picture) best."""
    source, target = TEMPLATE * (side / SIDE), points.astype(np.float64)
    a, b = source - source.mean(0), target - target.mean(0)
    norm = max(float((a * a).sum()), 1e-9)
    along, across = float((a * b).sum()) / norm, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / norm
    turn = np.array([[along, -across], [across, along]])
    return Pose(turn, target.mean(0) - turn @ source.mean(0), side)


def taken(rgb: Pixels, pose: Pose) -> Floats:
    """The square, side x side x 3, 0..1; beyond the picture its last pixels go on."""
    left, top, right, bottom = pose.box(rgb.shape[:2])
    part = rgb[top:bottom, left:right].astype(np.float32) / np.float32(Depth.of(rgb).peak)
    size = _scaled(part.shape[:2], 1 / pose.scale)
    near = _resized(part, size)
    row, column = np.mgrid[: pose.side, : pose.side] + 0.5
    x, y = (pose.turn @ np.stack([column.ravel(), row.ravel()])) + pose.shift[:, None]
    x, y = (x - left) * size[1] / part.shape[1] - 0.5, (y - top) * size[0] / part.shape[0] - 0.5
    return _sampled(near, x, y).reshape(pose.side, pose.side, 3).clip(0, 1)


def returned(change: Floats, pose: Pose, size: Size) -> tuple[tuple[slice, slice], Floats]:
    """The square's planes (side x side x n) in a picture of `size`: rows and columns, and what lies there (0 outside
    the square)."""
    left, top, right, bottom = pose.box(size)
    side = max(1, min(round(pose.side * pose.scale), FINEST))
    near = _resized(change, (side, side))
    row, column = np.mgrid[top:bottom, left:right] + 0.5
    places = np.stack([column.ravel(), row.ravel()]) - pose.shift[:, None]
    x, y = np.linalg.inv(pose.turn) @ places * (side / pose.side) - 0.5
    inside = (x > -1) & (y > -1) & (x < side) & (y < side)
    made = _sampled(near, x, y) * inside[:, None]
    return (slice(top, bottom), slice(left, right)), made.reshape(bottom - top, right - left, -1)


def _scaled(size: tuple[int, ...], by: float) -> Size:
    return max(1, round(size[0] * by)), max(1, round(size[1] * by))


def _resized(part: Floats, size: Size) -> Floats:
    box = (0.0, 0.0, float(part.shape[1]), float(part.shape[0]))
    return np.stack([resampling.filtered(part[..., i], box, size) for i in range(part.shape[2])], 2)


def _sampled(part: Floats, x: NDArray[np.float64], y: NDArray[np.float64]) -> Floats:
    """n x planes, between the four pixels around each place; the rim goes on."""
    height, width = part.shape[:2]
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    u, v = (x - left).astype(np.float32)[:, None], (y - top).astype(np.float32)[:, None]
    upper = part[top, left] + (part[top, right] - part[top, left]) * u
    lower = part[bottom, left] + (part[bottom, right] - part[bottom, left]) * u
    made: Floats = upper + (lower - upper) * v
    return made
