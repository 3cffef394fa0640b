"""Filling of a picture where it is not known, from coarser and coarser means of what is known around it (push-pull).

Gortler et al., The Lumigraph, 1996: smooth, and good enough for what is blurred afterwards.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.block_means import enlarge_blocks, mean_blocks
from mattebox.types import Floats

KNOWN_WEIGHT = 1e-3  # of a block of which enough is known


def fill_unknown(planes: Floats, weights: Floats) -> Floats:
    """Fill unknown pixels.

    Parameters
    ----------
    planes : (H, W, C) float32
        Values; those with weight 0 do not matter.
    weights : (H, W) float32
        How well each pixel is known, 0..1.

    Returns
    -------
    (H, W, C) float32
        The values where the weight is 1, filled ones where it is 0, and mixtures between.
    """
    if (min(weights.shape) == 1 and max(weights.shape) == 1) or weights.min() >= 1:
        return planes
    sums = mean_blocks(np.dstack([planes * weights[..., None], weights]), 2)
    coarse_weights = sums[..., -1]
    coarse = sums[..., :-1] / np.maximum(coarse_weights, np.float32(1e-9))[..., None]
    known_blocks: Floats = np.minimum(1, coarse_weights / KNOWN_WEIGHT).astype(np.float32)
    filled = fill_unknown(coarse.astype(np.float32), known_blocks)
    behind = enlarge_blocks(filled, 2, weights.shape)
    known = weights[..., None]
    return planes * known + behind * (1 - known)
