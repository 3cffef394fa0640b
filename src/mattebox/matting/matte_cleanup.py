"""Clean-up of a network's matte: removes haze, floating specks, half-transparent ghosts and translucent spots.

A ghost is a wide area of uncertain alpha, such as half a table at half strength. Ghosts are pushed towards 0 or 1; soft
edges and hair, which are narrow, stay as they are. Works on the network's coarse alpha.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.connected_components import dilate, label_components
from mattebox.matting.matte_operations import stretch_levels
from mattebox.types import Mask, Matte, Pixels

MIN_SUBJECT_ALPHA = 0.5  # alpha from which a pixel counts as subject
MIN_COMPONENT_SHARE = 0.03  # of the largest component's area: a smaller one is a speck
SOFT_EDGE_REACH_SHARE = 0.1  # of the largest component's longer side: how far soft edges and hair reach
KNOWN_ALPHA_MARGIN = 0.1  # alpha further than this from 0 and 1 is uncertain
MAX_EDGE_WIDTH_SHARE = 0.06  # of the longer side: an uncertain area wider than this is a ghost
GHOST_CLIP_ALPHA = 0.4  # in ghosts, alpha up to this becomes 0, and from 1 - this on 1
MIN_EDGE_REACH_SAMPLES = 3  # least reach of a soft edge, for small subjects


def clean_up_matte(matte: Matte) -> Matte:
    """Remove artefacts from a network's matte.

    Parameters
    ----------
    matte : Matte
        Coarse matte with a subject.

    Returns
    -------
    Matte
        Ghosts resolved, 0 far from the subject and where nothing connects to it, 1 in translucent spots inside it.
    """
    peak = matte.bit_depth.peak
    alpha = resolve_ghosts(matte.alpha, peak)
    labels, components = label_components(alpha >= MIN_SUBJECT_ALPHA * peak)
    if not components:
        return matte
    min_area = MIN_COMPONENT_SHARE * components[0].area
    subject = np.array([False, *(component.area >= min_area for component in components)])[labels]
    left, top, right, bottom = components[0].box
    reach = max(MIN_EDGE_REACH_SAMPLES, round(SOFT_EDGE_REACH_SHARE * max(right - left, bottom - top)))
    connected = dilate(connected_mask(alpha, subject, peak), MIN_EDGE_REACH_SAMPLES)
    alpha = np.where(dilate(subject, reach) & connected, alpha, np.zeros((), alpha.dtype))
    return matte.with_alpha(fill_translucent_spots(alpha, peak))


def connected_mask(alpha: Pixels, subject_mask: Mask, peak: int) -> Mask:
    """The pixels that are not (almost) transparent and are connected to the subject."""
    labels, components = label_components(alpha >= KNOWN_ALPHA_MARGIN * peak)
    is_connected = np.zeros(len(components) + 1, bool)
    is_connected[labels[subject_mask]] = True
    return is_connected[labels]


def fill_translucent_spots(alpha: Pixels, peak: int) -> Pixels:
    """Alpha with the spots inside the subject filled that are nowhere less than half opaque."""
    is_open = connected_mask(peak - alpha, alpha < MIN_SUBJECT_ALPHA * peak, peak)
    return np.where(dilate(is_open, MIN_EDGE_REACH_SAMPLES), alpha, np.array(peak, alpha.dtype))


def resolve_ghosts(alpha: Pixels, peak: int) -> Pixels:
    """Alpha with more contrast in wide areas of uncertain values."""
    uncertain = (alpha > KNOWN_ALPHA_MARGIN * peak) & (alpha < (1 - KNOWN_ALPHA_MARGIN) * peak)
    reach = max(2, round(MAX_EDGE_WIDTH_SHARE / 2 * max(alpha.shape)))
    core = ~dilate(~uncertain, reach)
    if not core.any():
        return alpha
    ghost = dilate(core, reach + 1) & uncertain
    contrasted = stretch_levels(alpha / peak, GHOST_CLIP_ALPHA, 1 - GHOST_CLIP_ALPHA) * peak
    return np.where(ghost, np.rint(contrasted), alpha).astype(alpha.dtype)
