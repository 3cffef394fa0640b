"""Noise like a camera's, to be put back where a blur has taken it, so that the two do not look pasted together."""

from __future__ import annotations

import numpy as np

from mattebox.types import Floats, ImageShape

TAPS = np.array([0.25, 0.5, 0.25], np.float32)  # a camera's demosaicking correlates neighbours
REMAINING_DEVIATION = float((TAPS**2).sum())  # of white noise after them, along both axes


def make_grain(shape: ImageShape, seed: int) -> Floats:
    """Noise with mean 0 and deviation 1, (H, W) float32, the same for the same seed."""
    white = np.random.default_rng(seed).standard_normal((shape[0] + 2, shape[1] + 2), np.float32)
    across = TAPS[0] * (white[:, :-2] + white[:, 2:]) + TAPS[1] * white[:, 1:-1]
    correlated: Floats = TAPS[0] * (across[:-2] + across[2:]) + TAPS[1] * across[1:-1]
    return correlated / np.float32(REMAINING_DEVIATION)
