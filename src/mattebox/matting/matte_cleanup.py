"""Make a network's answer one that can be shown: no haze far from anything firm, nothing floating, no ghosts, no spots.

A ghost is a wide area the network is unsure of: half a table shown at half strength helps nobody, so such areas take a
side, while soft edges and hair, which are narrow, stay as they are. Works on the network's coarse alpha. Knows nothing
of pictures or networks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate, label_components, subject_box
from mattebox.types import Matte, Pixels

MIN_SUBJECT_ALPHA = 0.5  # alpha from which a pixel counts as subject
MIN_COMPONENT_SHARE = 0.03  # of the largest part's area: a smaller one is a speck
SOFT_EDGE_REACH_SHARE = 0.1  # of the largest part's longer side: soft edges and hair reach this far from what is firm
KNOWN_ALPHA_MARGIN = 0.1  # alpha this far from 0 and 1 is unsure
MAX_EDGE_WIDTH_SHARE = 0.06  # of the longer side: an unsure area wider than this is no edge
GHOST_CLIP_ALPHA = 0.4  # in ghosts, alpha up to this is 0, and from 1 less this on 1
MIN_EDGE_REACH_SAMPLES = 3  # samples: what a small subject's own soft edge takes


def clean_up_matte(matte: Matte) -> Matte:
    """The matte with ghosts decided, what is far from anything firm or hangs on nothing at 0, its box around it."""
    alpha = resolve_ghosts(matte.alpha, matte.bit_depth.peak)
    labels, parts = label_components(alpha >= MIN_SUBJECT_ALPHA * matte.bit_depth.peak)
    if not parts:
        return matte
    firm = np.array([False, *(p.area >= MIN_COMPONENT_SHARE * parts[0].area for p in parts)])[labels]
    left, top, right, bottom = parts[0].box
    near = dilate(firm, max(MIN_EDGE_REACH_SAMPLES, round(SOFT_EDGE_REACH_SHARE * max(right - left, bottom - top))))
    clean = np.where(
        near & dilate(connected_mask(alpha, firm, matte.bit_depth.peak), MIN_EDGE_REACH_SAMPLES),
        alpha,
        np.zeros((), alpha.dtype),
    )
    clean = fill_translucent_spots(clean, matte.bit_depth.peak)
    return replace(matte, alpha=clean, box=subject_box(clean))


def connected_mask(alpha: Pixels, subject_mask: NDArray[np.bool_], peak: int) -> NDArray[np.bool_]:
    """What is not as good as nothing, and hangs together with something firm."""
    labels, parts = label_components(alpha >= KNOWN_ALPHA_MARGIN * peak)
    known = np.zeros(len(parts) + 1, bool)
    known[labels[subject_mask]] = True
    return known[labels]


def fill_translucent_spots(alpha: Pixels, peak: int) -> Pixels:
    """Alpha without spots inside the subject that are seen through a little, and nowhere by half."""
    open_ = connected_mask(peak - alpha, alpha < MIN_SUBJECT_ALPHA * peak, peak)
    return np.where(dilate(open_, MIN_EDGE_REACH_SAMPLES), alpha, np.array(peak, alpha.dtype))


def resolve_ghosts(alpha: Pixels, peak: int) -> Pixels:
    """Alpha with the areas that are unsure over more than WIDE pushed away from one half."""
    unsure = (alpha > KNOWN_ALPHA_MARGIN * peak) & (alpha < (1 - KNOWN_ALPHA_MARGIN) * peak)
    reach = max(2, round(MAX_EDGE_WIDTH_SHARE / 2 * max(alpha.shape)))
    inner = ~dilate(~unsure, reach)
    if not inner.any():
        return alpha
    ghost = dilate(inner, reach + 1) & unsure
    steep = np.clip((alpha / peak - GHOST_CLIP_ALPHA) / (1 - 2 * GHOST_CLIP_ALPHA), 0, 1) * peak
    return np.where(ghost, np.rint(steep), alpha).astype(alpha.dtype)
