"""Mixing of two teachers' masks of a photograph into one soft label, by how decided each of them is.

Where they agree, the mean of their logits counts, 2:1; where one is decided and the other is not, the decided one;
where both are decided and disagree, the surer one, with little weight and none on the disputed pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mattebox.training.tasks.cutout.outline_band import outline_band
from mattebox.types import Floats

MIN_AGREEMENT_IOU = 0.8
MIN_DECIDED_OPACITY = 0.93  # mean of alpha weighted by itself from which IS-Net's masks are nearly always right
DECIDED_OPACITY_MARGIN = 0.05  # U2-Netp's masks are softer
MIN_VISIBLE_OPACITY = 0.8  # below it a mask is a veil
MIN_SUBJECT_SHARE = 0.004  # mean alpha below which a mask is empty
LOGIT_CLIP_MARGIN = 0.01
CERTAIN_MARGIN = 0.02  # alpha this near to 0 or 1 becomes 0 or 1
CHOSEN_LOGIT_SCALE = 2.0  # of a mask that somebody looked at and found right
LOGIT_SCALES = {"agreement": 1.6, "first": 1.3, "second": 2.0, "dispute": 1.6, "undecided": 1.0, "empty": 1.0}
PICTURE_WEIGHTS = {"agreement": 1.0, "first": 0.8, "second": 0.5, "dispute": 0.25, "undecided": 0.03, "empty": 0.1}


class MixedLabel(NamedTuple):
    """A soft label and its pixel weights, H x W, 0..1; the picture's weight, 0..1; which case of the mixing it is."""

    alpha: Floats
    pixel_weights: Floats
    picture_weight: float
    case: str


def mix_teachers(first: Floats, second: Floats) -> MixedLabel:
    """Mix two teachers' masks.

    Parameters
    ----------
    first, second : ndarray, H x W
        Alpha, 0..1; the first teacher, IS-Net, has the sharper outlines.

    Returns
    -------
    MixedLabel
        The label, with the weights of its pixels and of the picture.
    """
    first_opacity, second_opacity = _subject_opacity(first), _subject_opacity(second)
    inside_first, inside_second = first > 0.5, second > 0.5
    union = int((inside_first | inside_second).sum())
    iou = int((inside_first & inside_second).sum()) / union if union else 0.0
    difference = np.abs(first - second)
    weights: Floats
    logits: Floats
    mean_logits: Floats = ((2 * _logits(first) + _logits(second)) / 3).astype(np.float32)
    is_second_decided = second_opacity >= MIN_DECIDED_OPACITY - DECIDED_OPACITY_MARGIN
    if not first_opacity and not second_opacity:
        case, logits, weights = "empty", _logits(np.maximum(first, second)), np.ones_like(first)
    elif iou > MIN_AGREEMENT_IOU:
        case, logits, weights = "agreement", mean_logits, 1 - 0.6 * difference
    elif first_opacity >= MIN_DECIDED_OPACITY and not is_second_decided:
        case, logits, weights = "first", _logits(first), 1 - 0.3 * (difference > 0.5).astype(np.float32)
    elif is_second_decided and first_opacity < MIN_VISIBLE_OPACITY:
        case, logits, weights = (
            "second",
            _logits(second),
            1 - 0.7 * outline_band(inside_second, 2 * (len(second) // 64) + 1),
        )
    elif max(first_opacity, second_opacity) >= MIN_DECIDED_OPACITY - DECIDED_OPACITY_MARGIN:
        surer = first if first_opacity >= second_opacity - 0.03 else second
        case, logits, weights = "dispute", _logits(surer), 1 - difference
    else:
        case, logits, weights = "undecided", mean_logits, 1 - difference
    picture_weight = PICTURE_WEIGHTS[case]
    if case == "agreement":  # two veils that agree say little
        picture_weight *= float(np.clip((max(first_opacity, second_opacity) - 0.6) / 0.3, 0.1, 1))
    return MixedLabel(_sharpen(logits, LOGIT_SCALES[case]), weights.astype(np.float32), picture_weight, case)


def sharpen_chosen_mask(alpha: Floats) -> Floats:
    """A teacher's mask, steeper: for one that was chosen by looking at it, of which a veil may be right, too."""
    return _sharpen(_logits(alpha), CHOSEN_LOGIT_SCALE)


def _subject_opacity(alpha: Floats) -> float:
    """Mean of alpha weighted by itself; 0 for an empty mask."""
    mass = float(alpha.sum())
    return float((alpha * alpha).sum()) / mass if mass > MIN_SUBJECT_SHARE * alpha.size else 0.0


def _logits(alpha: Floats) -> Floats:
    clipped = np.clip(alpha, LOGIT_CLIP_MARGIN, 1 - LOGIT_CLIP_MARGIN)
    logits: Floats = np.log(clipped / (1 - clipped)).astype(np.float32)
    return logits


def _sharpen(logits: Floats, scale: float) -> Floats:
    alpha = 1 / (1 + np.exp(-scale * logits))
    stretched = np.clip((alpha - CERTAIN_MARGIN) / (1 - 2 * CERTAIN_MARGIN), 0, 1)
    sharp: Floats = stretched.astype(np.float32)
    return sharp
