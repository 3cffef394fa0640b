"""Automatic choice of the refinement: the edge network for hair, fur and uncertain edges, colour models for crisp ones.

The choice looks at the coarse matte alone: the area of its uncertain band relative to the length of its outline. On our
validation photographs the median is 0.8 for products on white, 1.1 for fashion, 1.4 for people and 2.8 to 5.7 for cats
(decision 006).
"""

from __future__ import annotations

import numpy as np

from mattebox.io import resampling
from mattebox.matting.colour_refinement import grid_scales, refine
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.network_refinement import refine_with_network
from mattebox.matting.tiles import grid_size
from mattebox.types import Matte, Picture, Pixels

MAX_CRISP_SOFTNESS = 1.8  # uncertain samples of the matte for each sample of outline
MIN_STEP_PIXELS = 3  # pixels for each sample of the matte; below, no size lies between the two
KNOWN_ALPHA_MARGIN = 0.1  # alpha this close to 0 or 1 is certain


def refine_automatically(picture: Picture, matte: Matte) -> Matte:
    """Refine a coarse matte by the method that suits its edges.

    Parameters
    ----------
    picture, matte
        As for `refine`.

    Returns
    -------
    Matte
        Matte at the picture's size and bit depth.
    """
    if edge_softness(matte.alpha) > MAX_CRISP_SOFTNESS:
        return refine_with_network(picture, matte)
    return refine_in_two_passes(picture, matte)


def refine_in_two_passes(picture: Picture, matte: Matte) -> Matte:
    """Refine by colour models at twice the matte's resolution, then at full size.

    On crisp edges this more than halves the error of a single pass; soft edges become too crisp (decision 006).
    """
    step = grid_scales(picture.shape, matte.shape, finer_grid=True)[1]
    if step < MIN_STEP_PIXELS:
        return refine(picture, matte)
    factor = max(2, round(step / 2))
    reduced = picture.with_pixels(resampling.shrink(picture.rgb, grid_size(picture.shape, factor)), None)
    return refine(picture, refine(reduced, matte, finer_grid=True), finer_grid=True)


def edge_softness(coarse_alpha: Pixels) -> float:
    """Number of uncertain samples of an H x W alpha relative to the length of its outline; 0 without an outline."""
    alpha = as_floats(coarse_alpha)
    subject = alpha > 0.5
    outline_length = sum(int(np.count_nonzero(np.diff(subject, axis=axis))) for axis in (0, 1))
    if not outline_length:
        return 0.0
    uncertain = (alpha > KNOWN_ALPHA_MARGIN) & (alpha < 1 - KNOWN_ALPHA_MARGIN)
    return float(np.count_nonzero(uncertain) / outline_length)
