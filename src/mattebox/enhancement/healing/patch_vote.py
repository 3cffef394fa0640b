"""The colours of a hole by the matches of the patches that touch it: the mean of what they say, and the best one.

Wexler, Shechtman & Irani, Space-time completion of video, 2007.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.healing.patch_search import Matches
from mattebox.enhancement.healing.patch_window import PatchWindow, Places
from mattebox.types import Floats

DEPTH_BASE = 1.3  # by which a patch counts for less with each pixel that it lies deeper in the hole
MEAN_QUANTILE, SHARP_QUANTILE = 0.75, 0.25  # of the errors, which tells how fast patches count for less by theirs


def vote(window: PatchWindow, matches: Matches, depths: Floats, *, is_sharp: bool) -> Places:
    """Set the hole's colours to the weighted means of what the patches say.

    Parameters
    ----------
    window : PatchWindow
        Its colours change.
    matches : Matches
        Of its targets.
    depths : (H, W)
        How deep each pixel lies in the hole.
    is_sharp : bool
        Whether patches that match less count for much less.

    Returns
    -------
    (M,) int
        For each pixel of the hole the place of its pixel in the best patch.
    """
    scale = 2 * float(np.quantile(matches.errors, SHARP_QUANTILE if is_sharp else MEAN_QUANTILE)) + 1e-6
    weights = (np.exp(-matches.errors / scale) + 1e-12) * DEPTH_BASE ** -depths.ravel()[window.targets]
    weights = weights.astype(np.float32)
    sums, totals = np.zeros((window.hole.size, 3), np.float32), np.zeros(window.hole.size, np.float32)
    best_weights, best = np.full(window.hole.size, -1, np.float32), np.zeros(window.hole.size, np.intp)
    for tap in window.taps:  # with each, every pixel occurs once
        places = window.targets + tap
        inside = np.flatnonzero(window.hole[places])
        pixels, said, weight = places[inside], matches.places[inside] + tap, weights[inside]
        sums[pixels] += weight[:, None] * window.colours[said]
        totals[pixels] += weight
        is_better = weight > best_weights[pixels]
        best_weights[pixels[is_better]], best[pixels[is_better]] = weight[is_better], said[is_better]
    window.colours[window.holes] = sums[window.holes] / totals[window.holes, None]
    return best[window.holes]
