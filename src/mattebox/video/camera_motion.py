"""The motion of the camera between two frames, from the dense motion of what lies behind the subject.

An affine map, fitted by weighted least squares with weights that fall with the error (Tukey's), so that what moves by
itself does not count. Where too little of the background follows one map there is none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, ImageShape
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.motion import LUMA_WEIGHTS, MotionPair, halve_plane

MAX_BACKGROUND_ALPHA = 0.02
MIN_GRADIENT = np.float32(2 / 255)  # of the brightness from cell to cell: flat areas say nothing about motion
MIN_CELLS, MAX_CELLS = 60, 1_000  # the latter about
MIN_SPREAD = 0.1  # of the cells, as standard deviation and share of the frame's sides
ERROR_CELLS = np.float32(0.5)  # at which a cell counts no more
GOOD_ERROR_CELLS = 0.25
MIN_GOOD_SHARE = 0.6  # of the cells
REFITS = 6

Affine = NDArray[np.float64]  # 2 x 3: (x, y) of one frame from (x, y, 1) of another, in pixels
IDENTITY: Affine = np.eye(2, 3)


def map_points(affine: Affine, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Where an affine map leads from points."""
    (xx, xy, x0), (yx, yy, y0) = np.asarray(affine, np.float32)
    return xx * x + xy * y + x0, yx * x + yy * y + y0


def compose(outer: Affine, inner: Affine) -> Affine:
    """First the inner map, then the outer one."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def invert(affine: Affine) -> Affine:
    """The map back."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def estimate_camera_motion(frame: CoarseMatte) -> Affine | None:
    """The map from a frame's pixels to those of the frame before; None where it is not certain."""
    if frame.motion is None:
        return None
    x, y, motion = _take_cells(frame, frame.motion)
    if len(x) < MIN_CELLS:
        return None
    height, width = frame.motion[0].shape[:2]
    if x.std() < MIN_SPREAD * width or y.std() < MIN_SPREAD * height:
        return None
    fitted, errors = _fit(x, y, motion)
    if float((errors < GOOD_ERROR_CELLS).mean()) < MIN_GOOD_SHARE:
        return None
    return _to_pixels(fitted, (height, width), frame.picture.shape)


def _take_cells(frame: CoarseMatte, motion: MotionPair) -> tuple[Floats, Floats, Floats]:
    """Columns and rows of the cells of textured background on the motion's grid, and their motion, N x 2."""
    luma = halve_plane(frame.guide @ LUMA_WEIGHTS)
    gradient = np.zeros_like(luma)
    gradient[:, 1:] = np.abs(np.diff(luma, axis=1))
    gradient[1:] = np.maximum(gradient[1:], np.abs(np.diff(luma, axis=0)))
    is_subject = dilate(halve_plane(frame.alpha) > MAX_BACKGROUND_ALPHA, 2)
    rows, columns = np.nonzero(~is_subject & (gradient > MIN_GRADIENT))
    part = slice(None, None, max(1, len(rows) // MAX_CELLS))
    rows, columns = rows[part], columns[part]
    return columns.astype(np.float32), rows.astype(np.float32), motion[0][rows, columns]


def _fit(x: Floats, y: Floats, motion: Floats) -> tuple[Affine, Floats]:
    """The affine map of cells by their motion, and each cell's error."""
    points = np.column_stack([x, y, np.ones_like(x)]).astype(np.float64)
    targets = points[:, :2] + motion
    shift = np.median(motion, axis=0)
    affine = np.column_stack([np.eye(2), shift])
    reach = max(float(ERROR_CELLS), 3 * float(np.median(np.abs(motion - shift))))
    errors = np.zeros(len(x), np.float32)
    for _ in range(REFITS):
        errors = np.hypot(*(points @ affine.T - targets).T)
        weights = np.clip(1 - (errors / reach) ** 2, 0, None) ** 2
        if np.count_nonzero(weights) < MIN_CELLS:
            break
        weighted = points * weights[:, None]
        affine = np.linalg.solve(weighted.T @ points + 1e-9 * np.eye(3), weighted.T @ targets).T
        reach = max(float(ERROR_CELLS), 0.6 * reach)
    errors = np.hypot(*(points @ affine.T - targets).T)
    return affine, errors


def _to_pixels(affine: Affine, grid: ImageShape, shape: ImageShape) -> Affine:
    """A map between cells of a grid as one between pixels of frames of a shape."""
    scale = np.array([shape[1] / grid[1], shape[0] / grid[0]])
    cells_to_pixels = np.column_stack([np.diag(scale), (scale - 1) / 2])
    return compose(compose(cells_to_pixels, affine), invert(cells_to_pixels))
