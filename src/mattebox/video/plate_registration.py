"""Registration of a frame with a plate: an affine map, corrected by least squares on the brightness of samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mattebox.types import Floats
from mattebox.video.camera_motion import Affine, map_points
from mattebox.video.motion import LUMA_WEIGHTS

MAX_SAMPLES = 2_000  # about
MIN_SAMPLES = 100  # that the plate knows, for a correction
STEPS = 2
GRADIENT_PIXELS = 1.5  # from a sample to each side
MIN_ERROR_LEVELS = 4.0  # at which a sample counts less
DAMPING = 1e-3  # of the normal equations' diagonal
MAX_CORRECTION = 4.0  # pixels anywhere in the frame; a larger one is an error


class _Slopes(NamedTuple):
    """Numbers of samples, and the plate's slopes there, levels a pixel."""

    chosen: np.ndarray
    across: np.ndarray
    down: np.ndarray


LookUp = Callable[[Floats, Floats], "tuple[np.ndarray, Floats]"]  # which of N places are known, and their colours


def register(place: Affine, x: Floats, y: Floats, shown: Floats, look_up: LookUp) -> Affine:
    """Correct a map from a frame to a plate.

    Parameters
    ----------
    place : 2 x 3 float64
        About where the frame lies, in pixels.
    x, y : N float32
        Samples of the frame's background.
    shown : N x 3 float32
        Their levels, 0..255.
    look_up : callable
        The plate: from N places to the numbers of those that are known, and their levels.

    Returns
    -------
    2 x 3 float64
        The corrected map, or `place` where too little is known or the correction would be large.
    """
    part = slice(None, None, max(1, len(x) // MAX_SAMPLES))
    x, y, luma = x[part], y[part], shown[part] @ LUMA_WEIGHTS
    if len(x) < MIN_SAMPLES:
        return place
    slopes = _measure_slopes(place, x, y, look_up)
    if len(slopes.chosen) < MIN_SAMPLES:
        return place
    x, y, luma = x[slopes.chosen], y[slopes.chosen], luma[slopes.chosen]
    middle = np.array([x.mean(), y.mean()], np.float64)
    size = max(float(np.ptp(x)), float(np.ptp(y)), 1.0) / 2
    points = np.stack([(x - middle[0]) / size, (y - middle[1]) / size, np.ones(len(x))])
    gradient = np.concatenate([slopes.across * points, slopes.down * points])  # 6 x N
    corrected = place
    for _ in range(STEPS):
        step = _find_step(corrected, x, y, luma, look_up, gradient)
        if step is None:
            break
        linear = step[:, :2] / size
        corrected = corrected + np.column_stack([linear, step[:, 2] - linear @ middle])
    corners_x = np.array([x.min(), x.max(), x.min(), x.max()], np.float32)
    corners_y = np.array([y.min(), y.min(), y.max(), y.max()], np.float32)
    moved = np.subtract(map_points(corrected, corners_x, corners_y), map_points(place, corners_x, corners_y))
    return corrected if np.abs(moved).max() <= MAX_CORRECTION else place


def _measure_slopes(place: Affine, x: Floats, y: Floats, look_up: LookUp) -> _Slopes:
    """The plate's slopes where it is known around samples."""
    across, down = map_points(place, x, y)
    planes = np.full((4, len(x)), np.nan)
    for plane, (right, below) in zip(planes, ((-1, 0), (1, 0), (0, -1), (0, 1)), strict=True):
        reach = np.float32(GRADIENT_PIXELS)
        numbers, colours = look_up(across + right * reach, down + below * reach)
        plane[numbers] = colours @ LUMA_WEIGHTS
    chosen = np.flatnonzero(np.isfinite(planes).all(axis=0))
    left, right, above, below = planes[:, chosen]
    return _Slopes(chosen, (right - left) / (2 * GRADIENT_PIXELS), (below - above) / (2 * GRADIENT_PIXELS))


def _find_step(
    place: Affine, x: Floats, y: Floats, luma: Floats, look_up: LookUp, gradient: np.ndarray
) -> np.ndarray | None:
    """The correction (2 x 3, of places relative to the middle in units of the size) by one step of least squares."""
    numbers, colours = look_up(*map_points(place, x, y))
    if len(numbers) < MIN_SAMPLES:
        return None
    known, shown = (colours @ LUMA_WEIGHTS).astype(np.float64), luma[numbers].astype(np.float64)
    error = shown - known * (np.median(shown) / max(float(np.median(known)), 1.0))
    error -= np.median(error)
    reach = max(MIN_ERROR_LEVELS, 3 * float(np.median(np.abs(error))))
    weights = np.clip(1 - (error / reach) ** 2, 0, None) ** 2
    weighted = gradient[:, numbers] * weights
    normal = weighted @ gradient[:, numbers].T
    normal += np.diag(DAMPING * (np.diag(normal) + 1e-3))
    step: np.ndarray = np.linalg.solve(normal, weighted @ error).reshape(2, 3)
    return step
