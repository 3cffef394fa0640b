"""Filling of a picture where it is not known, from coarser and coarser means of what is known around it (push-pull).

Gortler et al., The Lumigraph, 1996: smooth, and good enough for what is blurred afterwards.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.block_means import enlarge_rows, mean_blocks
from mattebox.core.cpu_threads import parallel_map
from mattebox.core.smoothing_filters import approximate_gaussian_blur
from mattebox.core.strips import iter_strips
from mattebox.lens.overlaid_levels import as_shares
from mattebox.types import Floats, Mask, Pixels

KNOWN_WEIGHT = 1e-3  # of a block of which enough is known
MAX_BACKGROUND_ALPHA = 0.02  # pixels with more are not known to be background
FILL_MARGIN_PIXELS = 64  # around the subject, from which it is filled
SUBJECT_MARGIN_SIGMA = 1.5  # pixels around the subject that its colour reaches, too
SUBJECT_MARGIN_REACH = 6  # pixels at which nothing is left of it


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


def fill_behind_subject(planes: Floats, alpha: Pixels) -> None:
    """Fill (C, H, W) planes in place where a subject of this alpha (H, W) hides the background."""
    known = np.concatenate(parallel_map(lambda rows: _known_share(alpha, rows), list(iter_strips(len(alpha)))))
    rows, columns = (_surroundings(known.min(axis) < 1) for axis in (1, 0))
    fill_unknown(planes[:, rows, columns], known[rows, columns])


def _known_share(alpha: Pixels, rows: slice) -> Floats:
    """How well rows of the background are known: not in the subject, and little close to it."""
    top = max(0, rows.start - SUBJECT_MARGIN_REACH)
    part = as_shares(alpha[top : rows.stop + SUBJECT_MARGIN_REACH])
    inner = slice(rows.start - top, rows.stop - top)
    near = approximate_gaussian_blur(part, SUBJECT_MARGIN_SIGMA)[inner]
    known: Floats = np.clip(1 - 2 * near, 0, 1) * (part[inner] < MAX_BACKGROUND_ALPHA)
    return known


def _surroundings(is_unknown: Mask) -> slice:
    """The range of unknown lines, with some known ones around it."""
    places = np.flatnonzero(is_unknown)
    if not places.size:
        return slice(0, 0)
    return slice(max(0, int(places[0]) - FILL_MARGIN_PIXELS), int(places[-1]) + FILL_MARGIN_PIXELS + 1)
