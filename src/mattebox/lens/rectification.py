"""Rectification of a stereo pair whose cameras are slightly turned against each other, or zoomed.

Points of the left picture are found in the right one; how much lower each lies there tells roll, pitch, yaw and zoom
(Longuet-Higgins and Prazdny, The interpretation of a moving retinal image, 1980, for small rotations), and the right
picture is warped back. Yaw alone, the angle at which the axes cross, only shifts all disparities and stays.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.block_means import mean_blocks
from mattebox.core.smoothing_filters import box_filter
from mattebox.types import Floats, ImageShape

MAX_COARSE_SIDE = 240  # of the copy on which points are looked for first, in pixels
WINDOW_REACH = 5  # of what is compared around a point, in pixels
GRID_COLUMNS, GRID_ROWS = 20, 14  # of the points
MIN_CONTRAST = 4.0  # deviation in a window, of 255; flatter ones are not looked for
MIN_CORRELATION = 0.8  # of a point's window with the one that is found
MAX_COARSE_COLUMNS_SHARE, MAX_COARSE_ROWS_SHARE = 0.25, 0.06  # of the sides, that a point may lie elsewhere
MIN_POINTS = 30
FIT_ROUNDS, OUTLIER_PIXELS = 12, 1.5  # of the robust fit; rows from which a point hardly counts
MIN_FAULT_PIXELS = 0.8  # rows at the worst place; smaller faults are left, so that nothing is blurred for them

Coordinates = NDArray[np.float64]


class CameraFault(NamedTuple):
    """The right camera against the left one: rows (shift), and roll, zoom, yaw and pitch in units of half the width.

    A point that should lie at (x, y), from the picture's middle in half widths, lies at (x + u, y + v).
    """

    shift: float = 0.0
    roll: float = 0.0
    zoom: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0

    def displace(self, x: Coordinates, y: Coordinates) -> tuple[Coordinates, Coordinates]:
        """u and v at (x, y)."""
        u = -self.roll * y + self.zoom * x + self.yaw * x * x + self.pitch * x * y
        v = self.shift + self.roll * x + self.zoom * y + self.yaw * x * y + self.pitch * y * y
        return u, v


class _Matches(NamedTuple):
    """Points in pixels, from the upper left: in the left picture, and in the right one."""

    left_x: Coordinates
    left_y: Coordinates
    right_x: Coordinates
    right_y: Coordinates


def rectify_right(left: Floats, right: Floats) -> Floats:
    """Warp the right picture of a pair, so that its points lie in the rows of the left one's.

    Parameters
    ----------
    left, right : (H, W, 3) float32
        Of one size, encoded values, 0..255.

    Returns
    -------
    (H, W, 3) float32
        The right picture itself where its faults are below MIN_FAULT_PIXELS, or cannot be told.
    """
    greys = left.mean(2), right.mean(2)
    factor = ceil(max(left.shape) / MAX_COARSE_SIDE)
    coarse = [np.ascontiguousarray(mean_blocks(grey[None], factor)[0]) for grey in greys]
    rows, columns = (
        round(share * side)
        for share, side in zip((MAX_COARSE_ROWS_SHARE, MAX_COARSE_COLUMNS_SHARE), coarse[0].shape, strict=True)
    )
    points = _grid_points(coarse[0])
    if len(points.left_x) < MIN_POINTS:
        return right
    found = _match_points(coarse[0], coarse[1], points, (rows, columns))
    fault = _fit_fault(found, coarse[0].shape)
    if fault is None:
        return right
    if factor > 1:
        found = _refine_matches(greys, found, factor)
        fault = _fit_fault(found, greys[0].shape) or fault
    return right if _largest_fault(fault, greys[0].shape) < MIN_FAULT_PIXELS else _warp(right, fault)


def _grid_points(grey: Floats) -> _Matches:
    """Points of a grid, each where the contrast is highest in its cell; the right ones are the same."""
    variance = box_filter(grey * grey, WINDOW_REACH) - box_filter(grey, WINDOW_REACH) ** 2
    margin = WINDOW_REACH + 1
    counts = GRID_ROWS, GRID_COLUMNS
    lines = [
        np.linspace(margin, side - margin, count + 1).astype(int)
        for side, count in zip(grey.shape, counts, strict=True)
    ]
    points = []
    for top, bottom in zip(lines[0][:-1], lines[0][1:], strict=True):
        for start, stop in zip(lines[1][:-1], lines[1][1:], strict=True):
            cell = variance[top:bottom, start:stop]
            if cell.size and cell.max() >= MIN_CONTRAST**2:
                row, column = np.unravel_index(int(cell.argmax()), cell.shape)
                points.append((start + column, top + row))
    x, y = np.array(points, np.float64).reshape(-1, 2).T
    return _Matches(x, y, x, y)


def _match_points(left: Floats, right: Floats, points: _Matches, reach: tuple[int, int]) -> _Matches:
    """The points that are found within `reach` rows and columns of where they are taken to be in the right picture."""
    height, width = left.shape
    mean, variance = box_filter(right, WINDOW_REACH), box_filter(right * right, WINDOW_REACH)
    deviation = np.sqrt(np.maximum(variance - mean * mean, 1e-3))
    windows = _windows(left, points.left_x.astype(int), points.left_y.astype(int))
    windows -= windows.mean(1, keepdims=True)
    windows /= np.sqrt((windows * windows).sum(1, keepdims=True)) + 1e-6
    shape = len(windows), 2 * reach[0] + 1, 2 * reach[1] + 1
    scores = np.full(shape, -1.0, np.float32)
    start_x, start_y = np.rint(points.right_x).astype(int), np.rint(points.right_y).astype(int)
    side = np.float32(2 * WINDOW_REACH + 1)
    for down in range(shape[1]):
        for across in range(shape[2]):
            x, y = start_x + across - reach[1], start_y + down - reach[0]
            inside = (
                (x > WINDOW_REACH)
                & (x < width - WINDOW_REACH - 1)
                & (y > WINDOW_REACH)
                & (y < height - WINDOW_REACH - 1)
            )
            if inside.any():
                places = y[inside], x[inside]
                products = (windows[inside] * _windows(right, places[1], places[0])).sum(1)
                scores[inside, down, across] = products / (side * deviation[places])
    return _best_matches(points, scores, (start_y - reach[0], start_x - reach[1]))


def _windows(grey: Floats, x: NDArray[np.int64], y: NDArray[np.int64]) -> Floats:
    """The pixels around each point, (n, side^2)."""
    steps = np.arange(-WINDOW_REACH, WINDOW_REACH + 1)
    windows: Floats = grey[y[:, None, None] + steps[:, None], x[:, None, None] + steps].reshape(len(x), len(steps) ** 2)
    return windows


def _best_matches(points: _Matches, scores: Floats, origin: tuple[NDArray[np.int64], NDArray[np.int64]]) -> _Matches:
    """The best place of each point, to fractions of a pixel; those with too low a score are left out."""
    count, _, columns = scores.shape
    best = scores.reshape(count, -1).argmax(1)
    down, across = best // columns, best % columns
    is_inner = (down > 0) & (down < scores.shape[1] - 1) & (across > 0) & (across < columns - 1)
    chosen = np.flatnonzero(is_inner & (scores.reshape(count, -1).max(1) > MIN_CORRELATION))
    down, across = down[chosen], across[chosen]
    fine_y = down + _peak_offset(*(scores[chosen, down + step, across] for step in (-1, 0, 1)))
    fine_x = across + _peak_offset(*(scores[chosen, down, across + step] for step in (-1, 0, 1)))
    return _Matches(
        points.left_x[chosen], points.left_y[chosen], origin[1][chosen] + fine_x, origin[0][chosen] + fine_y
    )


def _peak_offset(before: Floats, peak: Floats, after: Floats) -> Coordinates:
    """Where a parabola through three scores is highest, -0.5..0.5."""
    curvature = before - 2 * peak + after
    offset = np.where(curvature < 0, (before - after) / np.minimum(2 * curvature, -1e-6), 0)
    return np.clip(offset, -0.5, 0.5).astype(np.float64)


def _refine_matches(greys: tuple[Floats, Floats], found: _Matches, factor: int) -> _Matches:
    """Matches of a reduced copy at full size."""
    middle = (factor - 1) / 2
    height, width = greys[0].shape
    x, y, right_x, right_y = (factor * line + middle for line in found)
    margin = WINDOW_REACH + 1
    x, right_x = np.clip(np.rint(x), margin, width - 1 - margin), right_x + np.rint(x) - x
    y, right_y = np.clip(np.rint(y), margin, height - 1 - margin), right_y + np.rint(y) - y
    return _match_points(*greys, _Matches(x, y, right_x, right_y), (factor + 1, factor + 1))


def _fit_fault(found: _Matches, shape: ImageShape) -> CameraFault | None:
    """The fault that explains the rows best, by least squares whose weights fall with the distance (Huber's scheme)."""
    if len(found.left_x) < MIN_POINTS:
        return None
    half = shape[1] / 2
    x, y = (found.right_x + 0.5) / half - 1, (found.left_y + 0.5 - shape[0] / 2) / half
    rows = (found.right_y - found.left_y) / half
    terms = np.stack([np.ones_like(x), x, y, x * y, y * y], 1)
    weights: Coordinates = np.ones_like(x)
    solution: Coordinates = np.zeros(terms.shape[1])
    for _ in range(FIT_ROUNDS):
        root = np.sqrt(weights)[:, None]
        solution = np.linalg.lstsq(terms * root, rows * root[:, 0], rcond=None)[0].astype(np.float64)
        distance = np.abs(rows - terms @ solution) * half / OUTLIER_PIXELS
        weights = 1 / (1 + distance**4)
    return CameraFault(*map(float, solution)) if weights.sum() >= MIN_POINTS else None


def _largest_fault(fault: CameraFault, shape: ImageShape) -> float:
    """Rows by which the fault displaces the worst of the corners and of the middles of the sides, in pixels."""
    tall = shape[0] / shape[1]
    x, y = (line.ravel() for line in np.meshgrid([-1.0, 0.0, 1.0], [-tall, 0.0, tall]))
    return float(np.abs(fault.displace(x, y)[1]).max()) * shape[1] / 2


def _warp(picture: Floats, fault: CameraFault) -> Floats:
    """The picture without the fault, bilinear; its last rows and columns are repeated."""
    height, width, _ = picture.shape
    half = width / 2
    x, y = (np.arange(width) + 0.5) / half - 1, (np.arange(height) + 0.5 - height / 2) / half
    u, v = fault.displace(*np.meshgrid(x, y))
    columns = np.clip(np.arange(width)[None, :] + u * half, 0, width - 1.001)
    rows = np.clip(np.arange(height)[:, None] + v * half, 0, height - 1.001)
    left, top = columns.astype(np.int64), rows.astype(np.int64)
    across, down = ((line - whole).astype(np.float32)[..., None] for line, whole in ((columns, left), (rows, top)))
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    warped: Floats = upper * (1 - down) + lower * down
    return warped
