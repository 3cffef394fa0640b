"""Errors that a person sees in a mask: thin parts that are missing, stray pieces, and area that was wrongly taken.

Arrays are H x W floats, 0..1; alpha and truth count as subject above one half.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.connected_components import label_components
from mattebox.metrics.binary_masks import open_mask
from mattebox.types import Floats, Mask

THIN_DIAGONAL_SHARE = 0.03  # of the diagonal: radius of the disc that thin parts are too narrow for
MIN_STRAY_SHARE = 0.002  # of the picture: a smaller piece is not counted


def find_thin_parts(truth: Floats) -> Mask:
    """What an opening of the true mask by a disc of 3 % of the picture's diagonal removes: legs, poles, antennae."""
    subject = truth > 0.5
    return subject & ~open_mask(subject, THIN_DIAGONAL_SHARE * float(np.hypot(*subject.shape)))


def thin_recall(alpha: Floats, truth: Floats) -> float | None:
    """Share of the thin parts that is found, 0..1; None when the subject has none."""
    thin = find_thin_parts(truth)
    return float((alpha[thin] > 0.5).mean()) if thin.any() else None


def count_stray_pieces(alpha: Floats, truth: Floats) -> int:
    """Components of the alpha, over 0.2 % of the picture, that touch no true subject."""
    labels, components = label_components(alpha > 0.5)
    touching = set(np.unique(labels[truth > 0.5]).tolist())
    min_area = MIN_STRAY_SHARE * alpha.size
    return sum(part.area > min_area and i not in touching for i, part in enumerate(components, start=1))


def wrongly_taken_share(alpha: Floats, truth: Floats) -> float:
    """False positives over the true subject's area; may exceed 1."""
    subject = truth > 0.5
    return int(((alpha > 0.5) & ~subject).sum()) / max(int(subject.sum()), 1)
