"""Segmentation metrics of a matte: IoU, MAE and F-measure.

F after Achanta et al., Frequency-tuned Salient Region Detection (2009), with beta squared 0.3. Arrays are H x W floats,
0..1; the truth counts as subject above one half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

BETA_SQUARED = 0.3  # weight of recall in F


def iou(alpha: Floats, truth: Floats, threshold: float = 0.5) -> float:
    """Intersection over union of the thresholded alpha and the truth, 0..1; 1 when both are empty."""
    predicted, subject = alpha > threshold, truth > 0.5
    union = np.count_nonzero(predicted | subject)
    return np.count_nonzero(predicted & subject) / union if union else 1.0


def mae(alpha: Floats, truth: Floats) -> float:
    """Mean absolute error, 0..1."""
    return float(np.abs(alpha - truth).mean())


def f_curve(alpha: Floats, truth: Floats) -> NDArray[np.float64]:
    """F-measure at the 256 thresholds alpha >= k / 255."""
    subject = truth > 0.5
    level = eight_bit_levels(alpha)
    hits = counts_at_or_above(level[subject])
    precision = hits / np.maximum(counts_at_or_above(level.ravel()), 1)
    recall = hits / max(int(subject.sum()), 1)
    f: NDArray[np.float64] = (
        (1 + BETA_SQUARED) * precision * recall / np.maximum(BETA_SQUARED * precision + recall, 1e-9)
    )
    return f


def max_f(alpha: Floats, truth: Floats) -> float:
    """F-measure at this picture's best threshold."""
    return float(f_curve(alpha, truth).max())


def mean_f(alpha: Floats, truth: Floats) -> float:
    """Mean F-measure over the thresholds."""
    return float(f_curve(alpha, truth).mean())


def eight_bit_levels(alpha: Floats) -> NDArray[np.uint8]:
    """Alpha clipped to 0..1 and rounded to 8 bits."""
    return np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)


def counts_at_or_above(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Number of values at or above each of the 256 levels."""
    counts = np.bincount(levels, minlength=256)
    return counts[::-1].cumsum()[::-1].astype(np.float64)
