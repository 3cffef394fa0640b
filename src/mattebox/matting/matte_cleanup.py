"""Make a network's answer one that can be shown: no haze far from anything firm, nothing floating, no ghosts, no spots.

A ghost is a wide area the network is unsure of: half a table shown at half strength helps nobody, so such areas take a
side, while soft edges and hair, which are narrow, stay as they are. Works on the network's coarse alpha. Knows nothing
of pictures or networks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import components, grown, subject_box
from mattebox.types import Matte, Pixels

FIRM = 0.5  # alpha from which a pixel counts as subject
SPECK = 0.03  # of the largest part's area: a smaller one is a speck
NEAR = 0.1  # of the largest part's longer side: soft edges and hair reach this far from what is firm
UNSURE = 0.1  # alpha this far from 0 and 1 is unsure
WIDE = 0.06  # of the longer side: an unsure area wider than this is no edge
STEEP = 0.4  # in ghosts, alpha up to this is 0, and from 1 less this on 1
LEAST = 3  # samples: what a small subject's own soft edge takes


def tidied(matte: Matte) -> Matte:
    """The matte with ghosts decided, what is far from anything firm or hangs on nothing at 0, its box around it."""
    alpha = decided(matte.alpha, matte.depth.peak)
    labels, parts = components(alpha >= FIRM * matte.depth.peak)
    if not parts:
        return matte
    firm = np.array([False, *(p.area >= SPECK * parts[0].area for p in parts)])[labels]
    left, top, right, bottom = parts[0].box
    near = grown(firm, max(LEAST, round(NEAR * max(right - left, bottom - top))))
    clean = np.where(near & grown(attached(alpha, firm, matte.depth.peak), LEAST), alpha, np.zeros((), alpha.dtype))
    clean = solid(clean, matte.depth.peak)
    return replace(matte, alpha=clean, box=subject_box(clean))


def attached(alpha: Pixels, firm: NDArray[np.bool_], peak: int) -> NDArray[np.bool_]:
    """What is not as good as nothing, and hangs together with something firm."""
    labels, parts = components(alpha >= UNSURE * peak)
    known = np.zeros(len(parts) + 1, bool)
    known[labels[firm]] = True
    return known[labels]


def solid(alpha: Pixels, peak: int) -> Pixels:
    """Alpha without spots inside the subject that are seen through a little, and nowhere by half."""
    open_ = attached(peak - alpha, alpha < FIRM * peak, peak)
    return np.where(grown(open_, LEAST), alpha, np.array(peak, alpha.dtype))


def decided(alpha: Pixels, peak: int) -> Pixels:
    """Alpha with the areas that are unsure over more than WIDE pushed away from one half."""
    unsure = (alpha > UNSURE * peak) & (alpha < (1 - UNSURE) * peak)
    reach = max(2, round(WIDE / 2 * max(alpha.shape)))
    inner = ~grown(~unsure, reach)
    if not inner.any():
        return alpha
    ghost = grown(inner, reach + 1) & unsure
    steep = np.clip((alpha / peak - STEEP) / (1 - 2 * STEEP), 0, 1) * peak
    return np.where(ghost, np.rint(steep), alpha).astype(alpha.dtype)
