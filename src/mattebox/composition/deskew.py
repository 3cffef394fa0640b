"""A product photographed askew set upright, by the smallest rectangle around its outline; and turning as such.

The smallest rectangle has a side along the convex hull (Freeman and Shapira 1975), found by trying each. What is round,
spindly or far from upright is left as it is. Knows nothing of canvases.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import label_components
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.types import Picture, Pixels

GRID_SIDE_CELLS = 400  # longer side of the plane in which the outline is found, about
MAX_TILT_DEGREES = 30.0  # degrees: what lies further over was laid so
MIN_TILT_DEGREES = 0.3  # degrees: less is not seen, and turning costs sharpness
MIN_RECTANGLE_FILL_SHARE = 0.6  # of its smallest rectangle: what fills less has no sides to set upright
MAX_AREA_RATIO = (
    0.97  # the smallest rectangle's area, as a share of the upright one's: nearer to 1 the subject is round or upright
)


def rotation_degrees(text: str, cutout: Picture) -> float:
    """How far to turn it clockwise: as `Frame.rotate` says. UsageError when it says nothing."""
    if text == "upright":
        return 0.0 if cutout.alpha is None else -tilt_degrees(cutout.alpha)
    if not re.fullmatch(r"-?\d+(\.\d+)?", text) or abs(float(text)) > 360:
        raise UsageError(f"{text!r} is not how far to turn", "give degrees clockwise from -360 to 360, or upright")
    return float(text)


def tilt_degrees(alpha: Pixels) -> float:
    """Degrees clockwise, -30 to 30, by which the subject leans; 0 when it cannot be told."""
    step = max(1, round(max(alpha.shape) / GRID_SIDE_CELLS))
    labels, parts = label_components(resampling.average_blocks(alpha, step) >= 128)
    if not parts:
        return 0.0
    rows, columns = np.nonzero(labels == 1)
    hull = _convex_hull(np.stack([columns, rows], 1).astype(np.float64))
    if len(hull) < 3:
        return 0.0
    sides = np.roll(hull, -1, 0) - hull
    angles = np.mod(np.arctan2(sides[:, 1], sides[:, 0]), math.pi / 2)
    areas = np.array([_rectangle_area(hull, a) for a in angles])
    best = int(areas.argmin())
    lean = math.degrees(angles[best])
    lean = lean - 90 if lean > 45 else lean
    told = len(rows) >= MIN_RECTANGLE_FILL_SHARE * areas[best] and areas[best] <= MAX_AREA_RATIO * _rectangle_area(
        hull, 0.0
    )
    return lean if told and MIN_TILT_DEGREES <= abs(lean) <= MAX_TILT_DEGREES else 0.0


def rotate_picture(picture: Picture, angle: float) -> tuple[Picture, tuple[int, int]]:
    """The picture turned clockwise about its middle, on a canvas that holds all of it, transparent around; and how far
    (right, down) its middle has moved."""
    if not angle % 360:
        return picture, (0, 0)
    rgb, alpha = resampling.rotate_pixels(picture.rgb, picture.alpha, angle)
    grown = (rgb.shape[1] - picture.shape[1]) // 2, (rgb.shape[0] - picture.shape[0]) // 2
    return picture.with_pixels(rgb, alpha), grown


def _rectangle_area(hull: NDArray[np.float64], angle: float) -> float:
    """Of the rectangle around the hull whose sides lie along the angle (radians), pixels included."""
    along = hull @ np.array([math.cos(angle), math.sin(angle)])
    across = hull @ np.array([-math.sin(angle), math.cos(angle)])
    return float((np.ptp(along) + 1) * (np.ptp(across) + 1))


def _convex_hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of the convex hull in order (Andrew's monotone chain), from the ends of each row."""
    order = np.lexsort((points[:, 0], points[:, 1]))
    points = points[order]
    starts = np.flatnonzero(np.diff(points[:, 1], prepend=-1))
    ends = np.append(starts[1:], len(points)) - 1
    few = np.unique(np.concatenate([points[starts], points[ends]]), axis=0)
    lower, upper = _half_hull(few), _half_hull(few[::-1])
    return np.array(lower[:-1] + upper[:-1])


def _half_hull(points: NDArray[np.float64]) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    for x, y in points:
        while len(kept) > 1:
            (ax, ay), (bx, by) = kept[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            kept.pop()
        kept.append((float(x), float(y)))
    return kept
