"""How far to trust a matte, and whether there is a subject at all.

The network's alphas are probabilities, so the IoU to be expected of thresholding them can be read off them:
sum of p inside over sum of max(p, inside). A card's calibration maps that to what was measured on pictures the
network had not seen; it is worth as much as it is likely that there is a subject at all. Knows nothing of pictures or
networks.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.connected_components import subject_box
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.types import Floats, Matte


def build_scored_matte(alpha: Floats, calibration: Calibration, presence: float = 1.0) -> Matte:
    """Alpha H x W 0..1, and how likely a subject is -> the Matte (uint16) with confidence 0..1, `found` and the
    subject's box."""
    confidence = presence * calibrate_confidence(expected_iou(alpha), calibration)
    share = float((alpha > 0.5).mean())
    found = confidence >= calibration.found_confidence and share >= calibration.found_share
    whole = np.round(alpha * 65535).astype(np.uint16)
    return Matte(whole, confidence, found, subject_box(whole) if found else (0, 0, *alpha.shape[::-1]))


def expected_iou(alpha: Floats) -> float:
    """The IoU that alphas 0..1, read as probabilities, promise of their own thresholding at one half; 0 if empty."""
    inside = alpha > 0.5
    if not inside.any():
        return 0.0
    return float(alpha[inside].sum() / np.maximum(alpha, inside).sum())


def calibrate_confidence(iou: float, calibration: Calibration) -> float:
    """Expected IoU 0..1 -> confidence 0..1; nothing stays nothing."""
    if iou <= 0:
        return 0.0
    odds = np.log(iou / max(1 - iou, 1e-6))
    return float(1 / (1 + np.exp(-(calibration.bias + calibration.slope * odds))))
