"""Slices of a dataset: which hard cases a picture belongs to, from the picture and its true mask.

Thresholds are such that each case has about a tenth of our validation split (of size: the outer fifths).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.metrics.binary_masks import distance_transform
from mattebox.types import Mask

SMALL_SUBJECT_SHARE, LARGE_SUBJECT_SHARE = 0.15, 0.40  # share of the picture
LOW_CONTRAST_DISTANCE = 0.12  # of the mean colours on both sides of the outline, RGB 0..1
RIM_DIAGONAL_SHARE = 0.02  # width of these sides
THIN_SUBJECT_SHARE = 0.05  # share of the subject that an opening removes
OPENING_DIAGONAL_SHARE = 0.01  # radius of the opening
BLURRED_SHARPNESS_RATIO = 0.35  # deviation of the Laplacian inside the subject over that of the picture's grey
MOTION_BLUR_RATIO = 0.5  # smallest over largest second difference by direction (decision 021)
SETS_BY_SUBJECT_KIND = {
    "person": ("humanseg290", "ccp"),
    "animal": ("butterfly", "cats81", "feralcats", "msu_animals"),
    "product": ("magento_white", "cars_jvyou"),
}


def assign_slices(set_name: str, rgb: NDArray[Any], truth: NDArray[Any]) -> list[str]:
    """Slices of a picture.

    Parameters
    ----------
    set_name : str
        The picture's set.
    rgb : ndarray, H x W x 3 uint8
        The picture.
    truth : ndarray, H x W
        True alpha, 0..1.
    """
    slices = [f"set {set_name}", *(kind for kind, sets in SETS_BY_SUBJECT_KIND.items() if set_name in sets)]
    subject = truth > 0.5
    if subject.all() or not subject.any():
        return [*slices, "full frame" if subject.any() else "empty"]
    share = float(subject.mean())
    slices.append("small" if share < SMALL_SUBJECT_SHARE else "large" if share > LARGE_SUBJECT_SHARE else "medium")
    outside, inside = distance_transform(subject)[0], distance_transform(~subject)[0]
    colours, diagonal = rgb.astype(np.float64) / 255, float(np.hypot(*subject.shape))
    cases = {
        "low contrast": _contrast(colours, inside, outside, max(3, RIM_DIAGONAL_SHARE * diagonal))
        < LOW_CONTRAST_DISTANCE,
        "thin": _thinness(subject, inside, OPENING_DIAGONAL_SHARE * diagonal) > THIN_SUBJECT_SHARE,
        "blurred": _sharpness(colours.mean(2), subject) < BLURRED_SHARPNESS_RATIO,
        "motion blur": _directional_evenness(colours.mean(2), subject) < MOTION_BLUR_RATIO,
    }
    return [*slices, *(case for case, holds in cases.items() if holds)]


def _contrast(rgb: NDArray[Any], inside: NDArray[Any], outside: NDArray[Any], width: float) -> float:
    within, without = (rgb[(d > 0) & (d <= width)].mean(0) for d in (inside, outside))
    return float(np.linalg.norm(within - without))


def _thinness(subject: Mask, inside: NDArray[Any], radius: float) -> float:
    core = inside > radius
    if not core.any():
        return 1.0
    return 1 - float((distance_transform(core)[0][subject] <= radius).mean())


def _sharpness(grey: NDArray[Any], subject: Mask) -> float:
    laplacian = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    within = laplacian[subject[1:-1, 1:-1]]
    return float(within.std() / (grey.std() + 1e-3)) if within.size else 1.0


def _directional_evenness(grey: NDArray[Any], subject: Mask) -> float:
    """Smallest over largest deviation of the second differences in four directions; small under motion blur."""
    middle, within = grey[1:-1, 1:-1], subject[1:-1, 1:-1]
    if not within.any():
        return 1.0
    neighbour_sums = {  # distance -> sums of opposite neighbours
        1: (grey[1:-1, :-2] + grey[1:-1, 2:], grey[:-2, 1:-1] + grey[2:, 1:-1]),
        2**0.5: (grey[:-2, :-2] + grey[2:, 2:], grey[:-2, 2:] + grey[2:, :-2]),
    }
    deviations = [
        float((total - 2 * middle)[within].std()) / distance
        for distance, totals in neighbour_sums.items()
        for total in totals
    ]
    return min(deviations) / max(deviations) if max(deviations) > 1e-6 else 1.0
