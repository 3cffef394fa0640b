"""Log odds of every pixel's colour: how much more frequent it is in the certain subject than in the certain background.

A coarse table of colours with wide smoothing, unlike `colour_table`, which tells strands from their surroundings.
"""

from __future__ import annotations

import numpy as np

from mattebox.types import Floats, Mask

BINS_PER_CHANNEL = 12
SMOOTHING_KERNEL = (0.01, 0.206, 0.568, 0.206, 0.01)  # a Gaussian with sigma of 0.7 bins
SHARE_FLOOR = 1e-4  # added to the share of every colour
CERTAIN_ALPHA = 0.05, 0.8  # alpha of the certain background, and of the certain subject


def colour_log_odds(features: Floats, alpha: Floats) -> Floats:
    """Log odds H x W of the subject by the first three of the features H x W x C (see `geodesic_features`) of each
    pixel, from a coarse alpha H x W, 0..1."""
    colours = features[..., :3]
    low, span = colours.min(axis=(0, 1)), np.ptp(colours, axis=(0, 1)) + np.float32(1e-6)
    bins = ((colours - low) / span * (BINS_PER_CHANNEL - 0.01)).astype(np.int32)
    index = (bins[..., 0] * BINS_PER_CHANNEL + bins[..., 1]) * BINS_PER_CHANNEL + bins[..., 2]
    subject, background = (
        _smoothed_shares(index, mask) for mask in (alpha > CERTAIN_ALPHA[1], alpha < CERTAIN_ALPHA[0])
    )
    odds = np.log((subject + SHARE_FLOOR) / (background + SHARE_FLOOR))
    return np.asarray(odds[index], np.float32)


def _smoothed_shares(index: np.ndarray, mask: Mask) -> np.ndarray:
    """Share of each colour among a mask's pixels, smoothed over similar ones; all 0 for an empty mask."""
    counts = np.bincount(index[mask], minlength=BINS_PER_CHANNEL**3).reshape((BINS_PER_CHANNEL,) * 3)
    shares = counts / max(1, int(mask.sum()))
    for axis in range(3):
        shares = np.apply_along_axis(np.convolve, axis, shares, SMOOTHING_KERNEL, "same")
    return shares.ravel()
