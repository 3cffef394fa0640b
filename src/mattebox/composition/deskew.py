"""Deskewing: a product photographed askew set upright, and rotation by given degrees.

The tilt is that of the minimum-area bounding rectangle, which has a side along the convex hull (Freeman & Shapira
1975), found by trying each side. Subjects that are round, spindly or far from upright are left as they are.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.silhouette import find_silhouette
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.types import Picture, Pixels

GRID_SIDE_CELLS = 400  # of the longer side, about
MAX_TILT_DEGREES = 30.0  # what leans further was placed so
MIN_TILT_DEGREES = 0.3  # less is not visible, and rotation costs sharpness
MIN_RECTANGLE_FILL_SHARE = 0.6  # a subject that fills less of its minimum rectangle has no sides to set upright
MAX_AREA_RATIO = 0.97  # of the minimum rectangle to the upright one: nearer to 1, the subject is round or upright


def rotation_degrees(text: str, cutout: Picture) -> float:
    """Degrees clockwise that `Frame.rotate` means for a cutout. UsageError."""
    if text == "upright":
        return 0.0 if cutout.alpha is None else -tilt_degrees(cutout.alpha)
    if not re.fullmatch(r"-?\d+(\.\d+)?", text) or abs(float(text)) > 360:
        raise UsageError(f"{text!r} is not how far to turn", "give degrees clockwise from -360 to 360, or upright")
    return float(text)


def tilt_degrees(alpha: Pixels) -> float:
    """Degrees clockwise, -30 to 30, by which the subject leans; 0 where that cannot be measured."""
    silhouette = find_silhouette(alpha, GRID_SIDE_CELLS)
    if silhouette is None:
        return 0.0
    rows, columns = np.nonzero(silhouette.mask)
    hull = _convex_hull(np.stack([columns, rows], 1).astype(np.float64))
    if len(hull) < 3:
        return 0.0
    sides = np.roll(hull, -1, 0) - hull
    angles = np.mod(np.arctan2(sides[:, 1], sides[:, 0]), math.pi / 2)
    areas = np.array([_rectangle_area(hull, a) for a in angles])
    best = int(areas.argmin())
    tilt = math.degrees(angles[best])
    tilt = tilt - 90 if tilt > 45 else tilt
    is_rectangular = len(rows) >= MIN_RECTANGLE_FILL_SHARE * areas[best]
    is_tilted = areas[best] <= MAX_AREA_RATIO * _rectangle_area(hull, 0.0)
    return tilt if is_rectangular and is_tilted and MIN_TILT_DEGREES <= abs(tilt) <= MAX_TILT_DEGREES else 0.0


def rotate_picture(picture: Picture, angle: float) -> tuple[Picture, tuple[int, int]]:
    """Rotate a picture about its middle.

    Parameters
    ----------
    picture
        Either depth, with or without alpha.
    angle
        Degrees clockwise.

    Returns
    -------
    tuple
        The picture on a canvas that holds all of it, transparent around; and how far (right, down) its middle has
        moved.
    """
    if not angle % 360:
        return picture, (0, 0)
    rgb, alpha = resampling.rotate_pixels(picture.rgb, picture.alpha, angle)
    offset = (rgb.shape[1] - picture.shape[1]) // 2, (rgb.shape[0] - picture.shape[0]) // 2
    return picture.with_pixels(rgb, alpha), offset


def _rectangle_area(hull: NDArray[np.float64], angle: float) -> float:
    """Area of the rectangle around the hull with sides along an angle (radians), pixels included."""
    along = hull @ np.array([math.cos(angle), math.sin(angle)])
    across = hull @ np.array([-math.sin(angle), math.cos(angle)])
    return float((np.ptp(along) + 1) * (np.ptp(across) + 1))


def _convex_hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of the convex hull in order (Andrew's monotone chain), from the ends of each row."""
    order = np.lexsort((points[:, 0], points[:, 1]))
    points = points[order]
    starts = np.flatnonzero(np.diff(points[:, 1], prepend=-1))
    ends = np.append(starts[1:], len(points)) - 1
    row_ends = np.unique(np.concatenate([points[starts], points[ends]]), axis=0)
    lower, upper = _half_hull(row_ends), _half_hull(row_ends[::-1])
    return np.array(lower[:-1] + upper[:-1])


def _half_hull(points: NDArray[np.float64]) -> list[tuple[float, float]]:
    corners: list[tuple[float, float]] = []
    for x, y in points:
        while len(corners) > 1:
            (ax, ay), (bx, by) = corners[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            corners.pop()
        corners.append((float(x), float(y)))
    return corners
