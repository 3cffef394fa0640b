"""Where a subject stands: the row of the ground under each of its columns, and how much it touches the ground there.

A foot is a stretch of the lower outline that juts out below what is beside it: domes of a grey reconstruction (Vincent
1993) along the columns. So the back legs of a chair have their own ground, and a mug's handle has none. Knows nothing
of shadows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.types import Floats

MAX_CONTACT_LIFT_SHARE = 0.14  # of the subject's height: what is farther above its foot does not touch the ground
CONTACT_FALLOFF_SHARE = 0.07  # of the height: how soon touching ends above a foot
DEPTH_FALLOFF_SHARE = 0.2  # of the height: how soon feet above the lowest one count for less
SMOOTHING_WINDOW_SHARE = 0.02  # of the height: bumps shorter than this do not bend the ground
MIN_CONTACT_WEIGHT = 0.02  # of touching: from here on the outline is the ground


@dataclass(frozen=True, eq=False)
class GroundContact:
    """`ground_rows`: the first row below the subject's foot, for each column; `weights` 0..1 for each column."""

    ground_rows: Floats
    weights: Floats


def find_ground_contact(alpha: Floats, subject_height: float) -> GroundContact | None:
    """Of H x W alpha 0..1 (or any values that are solid above half their peak); None where nothing is solid.

    `subject_height` is the subject's height in rows.
    """
    solid = alpha > 0.5
    there = solid.any(0)
    if not there.any():
        return None
    height = len(alpha)
    lowest = np.where(there, height - np.argmax(solid[::-1], axis=0), -height).astype(np.float32)
    lift = MAX_CONTACT_LIFT_SHARE * subject_height
    dome = lowest - _morphological_reconstruction(lowest - lift, lowest)
    below = float(lowest.max())
    near = np.exp(-(((lift - dome) / (CONTACT_FALLOFF_SHARE * subject_height)) ** 2)) * np.exp(
        -(((below - lowest) / (DEPTH_FALLOFF_SHARE * subject_height)) ** 2)
    )
    touch = np.where(there & (dome > 0), near, 0).astype(np.float32)
    feet = np.flatnonzero(touch > MIN_CONTACT_WEIGHT)
    ground = np.interp(np.arange(len(lowest)), feet, lowest[feet])
    return GroundContact(_smooth_ground(ground, round(SMOOTHING_WINDOW_SHARE * subject_height)), touch)


def _morphological_reconstruction(marker: Floats, mask: Floats) -> Floats:
    """The marker grown along the columns as far as the mask allows."""
    grown = marker.copy()
    for order in (range(1, len(mask)), range(len(mask) - 2, -1, -1)):
        step = order.step
        for x in order:
            grown[x] = min(mask[x], max(grown[x], grown[x - step]))
    return grown


def _smooth_ground(ground_rows: np.ndarray, window: int) -> Floats:
    """Means over a window, so that fur does not tear the ground."""
    half = window // 2
    if not half:
        return ground_rows.astype(np.float32)
    padded = np.pad(ground_rows, half, mode="edge")
    return np.convolve(padded, np.full(2 * half + 1, 1 / (2 * half + 1)), "valid").astype(np.float32)
