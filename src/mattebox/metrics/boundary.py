"""Boundary F-measure: agreement of a matte's outline with the true one.

Csurka et al., What is a good evaluation measure for semantic segmentation? (2013), as Perazzi et al., A Benchmark
Dataset and Evaluation Methodology for Video Object Segmentation (DAVIS, 2016) compute it: outline pixels match within a
distance. Arrays are H x W floats, 0..1.
"""

from __future__ import annotations

import numpy as np

from mattebox.metrics.binary_masks import distance_transform
from mattebox.types import Floats, Mask

TOLERANCE_DIAGONAL_SHARE = 0.008  # of the picture's diagonal: distance within which outline pixels match


def boundary_f(alpha: Floats, truth: Floats, tolerance_share: float = TOLERANCE_DIAGONAL_SHARE) -> float:
    """F-measure, 0..1, of both outlines at one half; 1 when neither has one, 0 when only one has."""
    predicted_outline, true_outline = outline(alpha > 0.5), outline(truth > 0.5)
    if not predicted_outline.any() or not true_outline.any():
        return float(predicted_outline.any() == true_outline.any())
    tolerance = np.ceil(tolerance_share * np.hypot(*truth.shape))
    precision = float((distance_transform(true_outline)[0][predicted_outline] <= tolerance).mean())
    recall = float((distance_transform(predicted_outline)[0][true_outline] <= tolerance).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: Mask) -> Mask:
    """The pixels that differ from the one to the right, below, or to the lower right."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    differs: Mask = (mask != padded[:-1, 1:]) | (mask != padded[1:, :-1]) | (mask != padded[1:, 1:])
    return differs
