"""Filling of a picture where it is not known, from coarser and coarser means of what is known around it (push-pull).

Gortler et al., The Lumigraph, 1996: smooth, and good enough for what is blurred afterwards.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.block_means import enlarge_rows, mean_blocks
from mattebox.core.cpu_threads import parallel_map
from mattebox.core.strips import iter_strips
from mattebox.types import Floats

KNOWN_WEIGHT = 1e-3  # of a block of which enough is known


def fill_unknown(planes: Floats, weights: Floats) -> None:
    """Fill unknown pixels, in place.

    Parameters
    ----------
    planes : (C, H, W) float32
        Values; those with weight 0 do not matter. Afterwards the values where the weight is 1, filled ones where it is
        0, and mixtures between.
    weights : (H, W) float32
        How well each pixel is known, 0..1.
    """
    if (min(weights.shape) == 1 and max(weights.shape) == 1) or weights.min() >= 1:
        return
    sums = np.concatenate(parallel_map(lambda rows: _halve(planes[:, rows], weights[rows]), _strips(weights)), axis=1)
    coarse, coarse_weights = sums[:-1], sums[-1]
    coarse /= np.maximum(coarse_weights, np.float32(1e-9))
    fill_unknown(coarse, np.minimum(1, coarse_weights / np.float32(KNOWN_WEIGHT)))

    def mix(rows: slice) -> None:
        known, part = weights[rows], planes[:, rows]
        part *= known
        part += enlarge_rows(coarse, 2, weights.shape[1], rows) * (1 - known)

    parallel_map(mix, _strips(weights))


def _halve(planes: Floats, weights: Floats) -> Floats:
    """Means of 2 x 2 blocks of the weighted planes, and of the weights behind them."""
    return mean_blocks(np.concatenate([planes * weights, weights[None]]), 2)


def _strips(weights: Floats) -> list[slice]:
    return list(iter_strips(len(weights)))
