"""How well a matte's region matches the truth: IoU, MAE, F-measure.

F after Achanta et al., Frequency-tuned Salient Region Detection (2009), with beta squared 0.3. Arrays are H x W floats
0..1. Knows nothing of pictures or networks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

BETA_SQUARED = 0.3


def iou(alpha: Floats, truth: Floats, threshold: float = 0.5) -> float:
    """Intersection over union of both thresholded; 1 when both are empty."""
    predicted, subject = alpha > threshold, truth > 0.5
    either = np.count_nonzero(predicted | subject)
    return np.count_nonzero(predicted & subject) / either if either else 1.0


def mae(alpha: Floats, truth: Floats) -> float:
    """Mean absolute error, 0..1."""
    return float(np.abs(alpha - truth).mean())


def f_curve(alpha: Floats, truth: Floats) -> NDArray[np.float64]:
    """F at the 256 thresholds alpha >= k / 255."""
    subject = truth > 0.5
    level = np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)
    hits = counts_at_or_above(level[subject])
    precision = hits / np.maximum(counts_at_or_above(level.ravel()), 1)
    recall = hits / max(int(subject.sum()), 1)
    f: NDArray[np.float64] = (
        (1 + BETA_SQUARED) * precision * recall / np.maximum(BETA_SQUARED * precision + recall, 1e-9)
    )
    return f


def max_f(alpha: Floats, truth: Floats) -> float:
    """F at this picture's best threshold."""
    return float(f_curve(alpha, truth).max())


def mean_f(alpha: Floats, truth: Floats) -> float:
    """F, mean over thresholds."""
    return float(f_curve(alpha, truth).mean())


def counts_at_or_above(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How many values reach each of the 256 levels."""
    counts = np.bincount(levels, minlength=256)
    return counts[::-1].cumsum()[::-1].astype(np.float64)
