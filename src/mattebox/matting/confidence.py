"""Confidence of a matte: the IoU to expect of it, and whether it shows a subject at all.

A network's alphas are probabilities, so the expected IoU of thresholding them at one half follows from them: the sum
of p inside over the sum of max(p, inside). A card's calibration maps it to the IoU that was measured on pictures the
network had not been trained on, times the probability that there is a subject.
"""

from __future__ import annotations

import numpy as np

from mattebox.matting.matte_operations import as_pixels
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.types import BitDepth, Floats, Matte, subject_box


def build_scored_matte(alpha: Floats, calibration: Calibration, presence: float = 1.0) -> Matte:
    """Build a matte with its confidence from a network's output.

    Parameters
    ----------
    alpha : Floats
        Alpha h x w, 0..1.
    calibration : Calibration
        The card's calibration, with its thresholds for `found`.
    presence : float
        Probability, 0..1, that the picture shows a subject.

    Returns
    -------
    Matte
        16 bits; `box` is that of the subject, or the whole plane when nothing is more than half subject.
    """
    confidence = presence * calibrate_confidence(expected_iou(alpha), calibration)
    share = float((alpha > 0.5).mean())
    found = confidence >= calibration.found_confidence and share >= calibration.found_share
    pixels = as_pixels(alpha, BitDepth.SIXTEEN)
    return Matte(pixels, confidence, found, subject_box(pixels))


def expected_iou(alpha: Floats) -> float:
    """Expected IoU of alpha thresholded at one half, when its values are probabilities; 0 when nothing is above."""
    inside = alpha > 0.5
    if not inside.any():
        return 0.0
    return float(alpha[inside].sum() / np.maximum(alpha, inside).sum())


def calibrate_confidence(iou: float, calibration: Calibration) -> float:
    """Confidence 0..1 of an expected IoU 0..1, by logistic regression; 0 stays 0."""
    if iou <= 0:
        return 0.0
    log_odds = np.log(iou / max(1 - iou, 1e-6))
    return float(1 / (1 + np.exp(-(calibration.bias + calibration.slope * log_odds))))
