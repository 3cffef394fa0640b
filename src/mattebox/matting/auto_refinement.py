"""Which refinement an edge asks for: hair, fur and doubt get the edge network, a mug does not need it.

Told by the coarse matte alone: how wide its uncertain band is for the length of its outline. Of our validation
photographs, products on white have 0.8 at the median, fashion 1.1, people 1.4, cats 2.8 to 5.7 (LOG.md).
"""

from __future__ import annotations

import numpy as np

from mattebox.io import resampling
from mattebox.matting.colour_refinement import as_floats, grid_scales, refine
from mattebox.matting.network_refinement import refine_with_network
from mattebox.matting.tiles import grid_size
from mattebox.types import Matte, Picture, Pixels

MAX_CRISP_SOFTNESS = 1.8  # samples of uncertain matte for one of outline
MIN_STEP_PIXELS = 3  # pixels of a sample of the matte: with fewer there is nothing between
KNOWN_ALPHA_MARGIN = 0.1  # within this of nothing or all, the matte is not uncertain


def refine_automatically(picture: Picture, matte: Matte) -> Matte:
    """The coarse matte at the picture's size and depth, by colours where its edge is crisp, by the edge network where
    it is not."""
    return (
        refine_with_network(picture, matte)
        if edge_softness(matte.alpha) > MAX_CRISP_SOFTNESS
        else refine_in_two_passes(picture, matte)
    )


def refine_in_two_passes(picture: Picture, matte: Matte) -> Matte:
    """`refine` on a smaller picture, twice as fine as the matte, and from there on the picture itself: a crisp edge is
    found in less than half the error, a soft one is made too crisp (LOG.md)."""
    step = grid_scales(picture.shape, matte.shape, finer_grid=True)[1]
    if step < MIN_STEP_PIXELS:
        return refine(picture, matte)
    factor = max(2, round(step / 2))
    between = picture.with_pixels(resampling.shrink(picture.rgb, grid_size(picture.shape, factor)), None)
    return refine(picture, refine(between, matte, finer_grid=True), finer_grid=True)


def edge_softness(coarse_alpha: Pixels) -> float:
    """Uncertain samples of an H x W matte for each step of its outline; 0 where it has none."""
    alpha = as_floats(coarse_alpha)
    subject = alpha > 0.5
    outline = sum(int(np.count_nonzero(np.diff(subject, axis=axis))) for axis in (0, 1))
    if not outline:
        return 0.0
    return float(np.count_nonzero((alpha > KNOWN_ALPHA_MARGIN) & (alpha < 1 - KNOWN_ALPHA_MARGIN)) / outline)
