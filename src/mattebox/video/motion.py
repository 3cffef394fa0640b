"""Dense motion between two frames: DIS optical flow (Kroeger et al., 2016) where OpenCV is installed, else our own.

Our own: block matching on the coarsest level of a pyramid, then local least squares (Lucas & Kanade, 1981) from level
to level, on half the matte's grid, as pixel kernels (decision 002). A motion field gives, for every sample of its grid,
the offset (x, y) in samples at which the other frame shows the same.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from mattebox.io import resampling
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats, ImageShape
from mattebox.video.bilinear_sampling import moved_places, sample_field, sample_plane

LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
REFINEMENTS = 2  # on each level
MIN_LEVEL_SIDE = 12  # of the coarsest level, in samples

MotionPair = tuple[Floats, Floats]  # from a frame to another, and back
EstimateMotion = Callable[[Floats, Floats], MotionPair]


def choose_motion_estimator(kind: str = "auto") -> EstimateMotion:
    """DIS ("dis"), our own ("own"), or the first that is installed ("auto")."""
    if kind == "own" or (kind == "auto" and find_spec("cv2") is None):
        return estimate_motion
    return _create_dis_estimator()


def estimate_motion(frame: Floats, other: Floats) -> MotionPair:
    """Estimate the motion from a frame to another, and back.

    Parameters
    ----------
    frame, other : h x w x 3 float32
        Colours 0..1.

    Returns
    -------
    two of h/2 x w/2 x 2 float32
        On half the grid, odd sides rounded up: where `other` shows what `frame` shows at a sample, and the reverse.
    """
    first, second = halve_plane(frame @ LUMA_WEIGHTS), halve_plane(other @ LUMA_WEIGHTS)
    levels = [np.stack([first, second])]
    while min(levels[-1].shape[1:]) >= 2 * MIN_LEVEL_SIDE:
        levels.append(np.stack([halve_plane(plane) for plane in levels[-1]]))
    motion: Floats | None = None
    for level in reversed(levels):
        planes = {"frame": level[:, None], "other": np.ascontiguousarray(level[::-1, None])}
        if motion is None:
            motion = _to_fields(onnx_runtime.run_kernel("search_motion", 1, **planes))
        else:
            motion = np.stack([enlarge_motion(field, (level.shape[1], level.shape[2])) for field in motion])
        motion = _refine(planes["frame"], planes["other"], motion)
    assert motion is not None
    return motion[0], motion[1]


def move_planes(planes: Floats, motion: Floats) -> Floats:
    """Planes (h x w or h x w x c) at each sample's offset, bilinear; their rim is repeated beyond it."""
    places = moved_places(motion)
    return sample_plane(planes, places) if planes.ndim == 2 else sample_field(planes, places)


def move_matte(alpha: Floats, motion: Floats) -> Floats:
    """A matte h x w along a motion on its own grid, or on half of it."""
    shape = alpha.shape[0], alpha.shape[1]
    return move_planes(alpha, motion if motion.shape[:2] == shape else enlarge_motion(motion, shape))


def compose_motion(first: Floats, second: Floats) -> Floats:
    """The motion over two frames: `first`, and `second` from where it leads."""
    return first + move_planes(second, first)


def enlarge_motion(motion: Floats, shape: ImageShape) -> Floats:
    """A motion field on a grid of another shape, with its offsets in that grid's samples."""
    scale = np.array([shape[1] / motion.shape[1], shape[0] / motion.shape[0]])
    enlarged: Floats = resize_field(motion, shape) * np.round(scale).astype(np.float32)
    return enlarged


def resize_field(field: Floats, shape: ImageShape) -> Floats:
    """A field h x w x c at another size, bilinear; its values stay."""
    channels = (np.ascontiguousarray(field[..., channel]) for channel in range(field.shape[2]))
    return np.stack([resampling.enlarge(channel, shape, "bilinear") for channel in channels], axis=-1)


def register_motion(frame: Floats, other: Floats, motion: Floats) -> Floats:
    """A motion on half the grid from a frame to another (h x w x 3 each), corrected by least squares."""
    a, b = (halve_plane(plane @ LUMA_WEIGHTS)[None, None] for plane in (frame, other))
    registered: Floats = _refine(a, b, motion[None])[0]
    return registered


def halve_colours(guide: Floats) -> Floats:
    """Colours h x w x 3 on half the grid."""
    return np.stack([halve_plane(guide[..., channel]) for channel in range(3)]).transpose(1, 2, 0)


def _create_dis_estimator() -> EstimateMotion:
    cv2 = cast(Any, import_module("cv2"))
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def estimate(frame: Floats, other: Floats) -> MotionPair:
        first, second = (np.round((guide @ LUMA_WEIGHTS) * 255).astype(np.uint8) for guide in (frame, other))
        there, back = (np.asarray(dis.calc(*pair, None), np.float32) for pair in ((first, second), (second, first)))
        return halve_motion(there), halve_motion(back)

    return estimate


def halve_motion(motion: Floats) -> Floats:
    """A motion field on half its grid, with its offsets in that grid's samples."""
    halves = np.stack([halve_plane(motion[..., axis]) for axis in range(2)]) * np.float32(0.5)
    return halves.transpose(1, 2, 0)


def _refine(frame: Floats, other: Floats, motion: Floats) -> Floats:
    """Fields N x h x w x 2 after least squares, by the brightness of frames N x 1 x h x w."""
    for _ in range(REFINEMENTS):
        shown = np.stack([move_planes(plane[0], field) for plane, field in zip(other, motion, strict=True)])
        planes = np.ascontiguousarray(motion.transpose(0, 3, 1, 2))
        motion = _to_fields(
            onnx_runtime.run_kernel("improve_motion", 1, frame=frame, shown=shown[:, None], motion=planes)
        )
    return motion


def _to_fields(planes: Floats) -> Floats:
    return planes.transpose(0, 2, 3, 1)


def halve_plane(plane: Floats) -> Floats:
    """h x w on half the grid: means of 2 x 2 samples; an odd last row or column is repeated."""
    height, width = plane.shape
    if height % 2 or width % 2:
        plane = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    rows = plane[::2] + plane[1::2]
    means: Floats = (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)
    return means
