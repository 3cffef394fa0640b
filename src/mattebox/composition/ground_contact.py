"""Where a subject touches the ground: the ground's row under each column, and the weight of the contact there.

A foot is a part of the lower outline that juts out below what is beside it: a dome of a greyscale reconstruction
(Vincent 1993) along the columns. So the back legs of a chair have a ground of their own, and a mug's handle has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

# Shares of the subject's height.
MAX_CONTACT_LIFT_SHARE = 0.14  # outline that lies farther above its foot does not touch the ground
CONTACT_FALLOFF_SHARE = 0.07  # over which contact fades above a foot
DEPTH_FALLOFF_SHARE = 0.2  # over which feet above the lowest one lose weight
SMOOTHING_WINDOW_SHARE = 0.02  # shorter bumps do not bend the ground
MIN_CONTACT_WEIGHT = 0.02  # from which the outline is the ground
# A subject rests where the contact has this weight, and that must be this share of its width: the first takes in far
# wheels, the second a person's feet.
SUPPORTS = ((0.1, 0.3), (0.5, 0.2))
MAX_THREAD_WIDTH_SHARE, MIN_THREAD_SHARE = 0.08, 0.2  # of the subject's width and height: what hangs by a thread
MIN_SUPPORT_MARGIN_SHARE = 0.05  # of the subject's width: how far beside it the centre of mass may be


@dataclass(frozen=True, eq=False)
class GroundContact:
    """For each column `ground_rows`, the first row below the subject's foot, and `weights` 0..1 of the contact."""

    ground_rows: Floats
    weights: Floats


def is_balanced(contact: GroundContact, alpha: Floats) -> bool:
    """Whether a subject of such contact could stand: it touches the ground on both sides of its centre of mass, or
    along a good part of its width. What hangs, such as an earring, ends in a point or beside its centre."""
    columns = np.flatnonzero((alpha > 0.5).any(0))
    width, mass = columns[-1] - columns[0] + 1, alpha.sum(0)
    centre = float((mass * np.arange(len(mass))).sum() / mass.sum())
    margin = MIN_SUPPORT_MARGIN_SHARE * width
    for min_weight, min_width_share in SUPPORTS:
        touching = np.flatnonzero(contact.weights > min_weight)
        is_wide = len(touching) > 0 and touching[-1] - touching[0] + 1 >= min_width_share * width
        if is_wide and touching[0] - margin <= centre <= touching[-1] + margin:
            return True
    return False


def hangs_by_thread(alpha: Floats) -> bool:
    """Whether the upper part of a subject is a thread or cord above its middle, as of earrings and lamps."""
    inside = alpha > 0.5
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not rows.size:
        return False
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    thread = inside[rows[0] : rows[0] + max(2, round(MIN_THREAD_SHARE * height))]
    middle = (columns[0] + columns[-1]) / 2
    positions = np.flatnonzero(thread.any(0))
    is_thin = thread.sum(1).max() <= max(1.5, MAX_THREAD_WIDTH_SHARE * width)
    return bool(is_thin and thread.any(1).all() and abs(positions.mean() - middle) <= width / 4)


def find_ground_contact(alpha: Floats, subject_height: float) -> GroundContact | None:
    """Find where a subject touches the ground.

    Parameters
    ----------
    alpha
        H x W, 0..1.
    subject_height
        In rows.

    Returns
    -------
    GroundContact or None
        None where nothing is at least half opaque.
    """
    solid = alpha > 0.5
    is_occupied = solid.any(0)
    if not is_occupied.any():
        return None
    height = len(alpha)
    lowest = np.where(is_occupied, height - np.argmax(solid[::-1], axis=0), -height).astype(np.float32)
    lift = MAX_CONTACT_LIFT_SHARE * subject_height
    dome = lowest - _morphological_reconstruction(lowest - lift, lowest)
    by_lift = np.exp(-(((lift - dome) / (CONTACT_FALLOFF_SHARE * subject_height)) ** 2))
    by_depth = np.exp(-(((float(lowest.max()) - lowest) / (DEPTH_FALLOFF_SHARE * subject_height)) ** 2))
    weights = np.where(is_occupied & (dome > 0), by_lift * by_depth, 0).astype(np.float32)
    feet = np.flatnonzero(weights > MIN_CONTACT_WEIGHT)
    ground = np.interp(np.arange(len(lowest)), feet, lowest[feet])
    return GroundContact(_smooth_ground(ground, round(SMOOTHING_WINDOW_SHARE * subject_height)), weights)


def _morphological_reconstruction(marker: Floats, mask: Floats) -> Floats:
    """The marker dilated along the columns under the mask."""
    result = marker.copy()
    for order in (range(1, len(mask)), range(len(mask) - 2, -1, -1)):
        for x in order:
            result[x] = min(mask[x], max(result[x], result[x - order.step]))
    return result


def _smooth_ground(ground_rows: NDArray[np.float64], window: int) -> Floats:
    """Means over a window, so that fur does not break up the ground."""
    half = window // 2
    if not half:
        return ground_rows.astype(np.float32)
    padded = np.pad(ground_rows, half, mode="edge")
    return np.convolve(padded, np.full(2 * half + 1, 1 / (2 * half + 1)), "valid").astype(np.float32)
