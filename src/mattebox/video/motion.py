"""Dense motion between two frames: DIS optical flow (Kroeger et al., 2016) where OpenCV is installed, else our own.

Our own: block matching on the coarsest level of a pyramid, then local least squares (Lucas & Kanade, 1981) from level
to level, on half the matte's grid. A motion field gives, for every pixel of a frame, the offset (x, y) in pixels at
which the other frame shows the same.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from mattebox.core.interpolation import linear_neighbours
from mattebox.types import Floats, ImageShape

LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
MIN_LEVEL_SIDE = 12  # of the coarsest level, in samples
SEARCH_RADIUS = 3  # of the block matching there, in samples
SEARCH_PENALTY = 0.004  # of a sample of motion, in differences of brightness 0..1: flat areas stay where they are
WINDOW_RADIUS = 3  # of the least squares
REFINEMENTS = 3  # on each level
MAX_STEP = 1.0  # of a refinement, in samples
REGULARISATION = 2e-4  # added to the gradients' energy

EstimateMotion = Callable[[Floats, Floats], Floats]


def choose_motion_estimator(kind: str = "auto") -> EstimateMotion:
    """DIS ("dis"), our own ("own"), or the first that is installed ("auto")."""
    if kind == "own" or (kind == "auto" and find_spec("cv2") is None):
        return estimate_motion
    return _create_dis_estimator()


def estimate_motion(frame: Floats, other: Floats) -> Floats:
    """Estimate the motion from a frame to another.

    Parameters
    ----------
    frame, other : h x w x 3 float32
        Colours 0..1.

    Returns
    -------
    h x w x 2 float32
        Where `other` shows what `frame` shows at a pixel: offsets (x, y) in pixels.
    """
    levels = [(_halve(frame @ LUMA_WEIGHTS), _halve(other @ LUMA_WEIGHTS))]
    while min(levels[-1][0].shape) >= 2 * MIN_LEVEL_SIDE:
        a, b = levels[-1]
        levels.append((_halve(a), _halve(b)))
    motion = _match_blocks(*levels[-1])
    for level, (a, b) in enumerate(reversed(levels)):
        if level:
            motion = 2 * resize_field(motion, (a.shape[0], a.shape[1]))
        motion = _refine(a, b, motion)
    return 2 * resize_field(motion, (frame.shape[0], frame.shape[1]))


def sample(plane: Floats, motion: Floats) -> Floats:
    """The plane (h x w or h x w x c) at each pixel's offset, bilinear; its rim is repeated beyond it."""
    height, width = plane.shape[:2]
    y, x = np.indices((height, width), np.float32)
    x = np.clip(x + motion[..., 0], 0, width - 1)
    y = np.clip(y + motion[..., 1], 0, height - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, down = x - left, y - top
    start = top * width + left
    right, below = (left < width - 1).astype(np.int32), np.where(top < height - 1, width, 0).astype(np.int32)
    flat = plane.reshape(height * width, -1)
    across, down = across.reshape(-1, 1), down.reshape(-1, 1)
    start, right, below = start.ravel(), right.ravel(), below.ravel()
    upper = flat[start] * (1 - across) + flat[start + right] * across
    lower = flat[start + below] * (1 - across) + flat[start + below + right] * across
    mixed: Floats = (upper * (1 - down) + lower * down).astype(np.float32)
    return mixed.reshape(plane.shape)


def compose_motion(first: Floats, second: Floats) -> Floats:
    """The motion over two frames: `first`, and `second` from where it leads."""
    return first + sample(second, first)


def round_trip_error(forward: Floats, backward: Floats) -> Floats:
    """h x w: how far, in pixels, each pixel ends from where it began when it goes forward and back."""
    error = forward + sample(backward, forward)
    length: Floats = np.sqrt((error * error).sum(axis=-1))
    return length


def resize_field(field: Floats, shape: ImageShape) -> Floats:
    """A field h x w x 2 at another size, bilinear; its values stay."""
    top, bottom, down = linear_neighbours((np.arange(shape[0]) + 0.5) * field.shape[0] / shape[0] - 0.5, field.shape[0])
    left, right, across = linear_neighbours(
        (np.arange(shape[1]) + 0.5) * field.shape[1] / shape[1] - 0.5, field.shape[1]
    )
    down, across = down[:, None, None].astype(np.float32), across[None, :, None].astype(np.float32)
    rows = field[top] * (1 - down) + field[bottom] * down
    resized: Floats = (rows[:, left] * (1 - across) + rows[:, right] * across).astype(np.float32)
    return resized


def register_motion(frame: Floats, other: Floats, motion: Floats) -> Floats:
    """A motion from a frame to another (h x w x 3 each) that is known about, corrected by least squares."""
    a, b = _halve(frame @ LUMA_WEIGHTS), _halve(other @ LUMA_WEIGHTS)
    halved = resize_field(motion, (a.shape[0], a.shape[1])) * np.float32(0.5)
    return 2 * resize_field(_refine(a, b, halved), (frame.shape[0], frame.shape[1]))


def _create_dis_estimator() -> EstimateMotion:
    cv2 = cast(Any, import_module("cv2"))
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def estimate(frame: Floats, other: Floats) -> Floats:
        grey = [np.round((guide @ LUMA_WEIGHTS) * 255).astype(np.uint8) for guide in (frame, other)]
        return np.asarray(dis.calc(grey[0], grey[1], None), np.float32)

    return estimate


def _halve(plane: Floats) -> Floats:
    """Means of 2 x 2 samples; an odd last row or column is repeated."""
    height, width = plane.shape
    padded = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    means: Floats = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).mean(axis=(1, 3))
    return means


def _match_blocks(frame: Floats, other: Floats) -> Floats:
    """The best whole offset of each sample's neighbourhood."""
    radius = SEARCH_RADIUS
    padded = np.pad(other, radius, mode="edge")
    height, width = frame.shape
    best_cost = np.full(frame.shape, np.inf, np.float32)
    best = np.zeros((height, width, 2), np.float32)
    for y in range(-radius, radius + 1):
        for x in range(-radius, radius + 1):
            shifted = padded[radius + y : radius + y + height, radius + x : radius + x + width]
            cost = _box_mean(np.abs(shifted - frame), 1) + np.float32(SEARCH_PENALTY * (abs(x) + abs(y)))
            better = cost < best_cost
            best_cost = np.where(better, cost, best_cost)
            best[better] = (x, y)
    return best


def _refine(frame: Floats, other: Floats, motion: Floats) -> Floats:
    """Least squares in windows, a few times, the field smoothed in between."""
    for _ in range(REFINEMENTS):
        shown = sample(other, motion)
        gradient_y, gradient_x = np.gradient(shown)
        rest = frame - shown
        products = np.stack(
            [gradient_x * gradient_x, gradient_x * gradient_y, gradient_y * gradient_y,
             gradient_x * rest, gradient_y * rest], axis=-1,
        )  # fmt: skip
        xx, xy, yy, xt, yt = np.moveaxis(_box_mean(products, WINDOW_RADIUS), -1, 0)
        xx, yy = xx + np.float32(REGULARISATION), yy + np.float32(REGULARISATION)
        determinant = xx * yy - xy * xy
        step = np.stack([yy * xt - xy * yt, xx * yt - xy * xt], axis=-1) / determinant[..., None]
        motion = _box_mean(motion + np.clip(step, -MAX_STEP, MAX_STEP), 1)
    return motion


def _box_mean(planes: Floats, radius: int) -> Floats:
    """Means of (2 radius + 1)^2 samples of h x w (x c), the rim repeated."""
    size = 2 * radius + 1
    pad = [(radius + 1, radius), (radius + 1, radius), *[(0, 0)] * (planes.ndim - 2)]
    sums = np.pad(planes, pad, mode="edge").astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    total = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    means: Floats = (total / size**2).astype(np.float32)
    return means
