"""How well a matte's outline matches the truth: the boundary F-measure.

Csurka et al., What is a good evaluation measure for semantic segmentation? (2013), as Perazzi et al., A Benchmark
Dataset and Evaluation Methodology for Video Object Segmentation (DAVIS, 2016) compute it: matches within a distance.
Arrays are H x W floats 0..1. Knows nothing of pictures or networks.
"""

from __future__ import annotations

import numpy as np

from mattebox.metrics.binary_masks import Mask, distance_transform
from mattebox.types import Floats

TOLERANCE_DIAGONAL_SHARE = 0.008  # of the picture's diagonal: how far apart outlines may lie and still match


def boundary_f(alpha: Floats, truth: Floats, tolerance_share: float = TOLERANCE_DIAGONAL_SHARE) -> float:
    """F, 0..1, of both outlines at one half; 1 when neither has one, 0 when only one has."""
    found, known = outline(alpha > 0.5), outline(truth > 0.5)
    if not found.any() or not known.any():
        return float(found.any() == known.any())
    pixels = np.ceil(tolerance_share * np.hypot(*truth.shape))
    precision = float((distance_transform(known)[0][found] <= pixels).mean())
    recall = float((distance_transform(found)[0][known] <= pixels).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: Mask) -> Mask:
    """Pixels that differ from the one to the right, below, or right below."""
    wide = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    differs: Mask = (mask != wide[:-1, 1:]) | (mask != wide[1:, :-1]) | (mask != wide[1:, 1:])
    return differs
