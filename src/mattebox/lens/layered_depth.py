"""Depth from a matte alone: the subject as one layer, and the ground behind it as a ramp from contact to horizon.

An assumption, not a measurement: a standing subject, a level camera, and a floor that recedes behind it. Inverse depth
of a level floor is linear in image rows (perspective projection), highest at the contact line, 0 at the horizon.
"""

from __future__ import annotations

import numpy as np

from mattebox.types import DepthMap, Floats, ImageShape, Pixels, subject_box

HORIZON_SHARE = 0.45  # row of the horizon from the top, of the picture's height, unless the subject stands above it
FAR_NEARNESS = 0.0
MAX_FLOOR_NEARNESS = 2.0  # of what lies before the contact row
MIN_FLOOR_SHARE = 0.05  # rows of floor, of the picture's height, without which the ramp is left out


def layer_depth(alpha: Pixels) -> DepthMap:
    """Depth layers of a photograph, from its subject's alpha.

    Parameters
    ----------
    alpha : (H, W) uint8 or uint16
        The subject's matte.

    Returns
    -------
    DepthMap
        Of the same size, relative: the subject at 1, the floor from 1 at the row on which the subject stands to 0 at
        the horizon (nearer than 1 below that row), all above it at 0. A picture without a subject lies at 0.
    """
    height, width = alpha.shape
    if not alpha.any():
        return DepthMap(np.zeros((height, width), np.float32), "layers")
    _, _, _, bottom = subject_box(alpha)
    share: Floats = alpha.astype(np.float32) / np.float32(np.iinfo(alpha.dtype).max)
    floor = _floor_nearness(height, bottom)[:, None]
    return DepthMap((floor * (1 - share) + share).astype(np.float32), "layers")


def floor_depth(shape: ImageShape, contact_row: int) -> DepthMap:
    """Depth of a floor alone: 1 on the row on which something stands, 0 from the horizon upwards."""
    rows = np.minimum(_floor_nearness(shape[0], contact_row), MAX_FLOOR_NEARNESS)[:, None]
    return DepthMap(np.ascontiguousarray(np.broadcast_to(rows, shape)), "layers")


def tilted_depth(shape: ImageShape) -> DepthMap:
    """Depth that makes a level plane of focus, as of a lens that is tilted: near at the bottom, far at the top."""
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    return DepthMap(np.ascontiguousarray(np.broadcast_to(rows, shape)), "layers")


def _floor_nearness(height: int, contact_row: int) -> Floats:
    """Inverse depth of each row, relative to the contact row's."""
    horizon = min(HORIZON_SHARE * height, contact_row - MIN_FLOOR_SHARE * height)
    rows = np.arange(height, dtype=np.float32) + np.float32(0.5)
    if contact_row >= height:  # the picture cuts the subject: where it stands is not to be seen
        horizon, contact_row = HORIZON_SHARE * height, round(1.5 * height)
    ramp: Floats = np.maximum(FAR_NEARNESS, (rows - horizon) / max(1.0, contact_row - horizon)).astype(np.float32)
    return ramp
