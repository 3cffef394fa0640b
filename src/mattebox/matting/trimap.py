"""Trimaps: 0 is surely background, 255 surely subject, anything between to be found out.

One can be made of a coarse matte by its own uncertainty; one given by the user is honoured exactly where it is sure.
Knows nothing of networks or files.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate, subject_box
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.matting.closed_form import solve_closed_form
from mattebox.matting.colour_refinement import as_floats
from mattebox.matting.geodesic_distance import geodesic_distances, neighbour_costs
from mattebox.matting.scribble_segmentation import pixel_features
from mattebox.types import Floats, Matte, Picture

Mask = NDArray[np.bool_]

KNOWN_ALPHA_MARGIN = 0.05  # alpha within this of nothing or all is sure
UNKNOWN_BAND_SAMPLES = 1  # samples around what is unsure that are unsure, too: a network's grid is coarse
PRIOR_WEIGHT = 0.03  # in the network, beside the photograph's colours (LOG.md)
STEP_COST = 1e-3  # price of a step, beside the colours' changes


def trimap_from_matte(matte: Matte) -> NDArray[np.uint8]:
    """0, 128 or 255 for each sample of a matte, by the matte's own uncertainty."""
    alpha = as_floats(matte.alpha)
    unsure = (alpha > KNOWN_ALPHA_MARGIN) & (alpha < 1 - KNOWN_ALPHA_MARGIN)
    subject = alpha > 0.5
    edge = dilate(subject, UNKNOWN_BAND_SAMPLES) & dilate(~subject, UNKNOWN_BAND_SAMPLES)
    return np.where(dilate(unsure, UNKNOWN_BAND_SAMPLES) | edge, 128, np.where(subject, 255, 0)).astype(np.uint8)


def trimap_from_picture(drawing: Picture, picture: Picture, path: str) -> NDArray[np.uint8]:
    """A drawn trimap as 0, 128 and 255. UsageError when it is not one of that picture."""
    grey = resampling.to_eight_bit(drawing.rgb)
    if drawing.shape != picture.shape:
        told = " x ".join(map(str, drawing.shape[::-1])), " x ".join(map(str, picture.shape[::-1]))
        raise UsageError(f"the trimap {path} is {told[0]}, the picture {told[1]}", "draw it at the picture's size")
    if (grey.max(axis=2) - grey.min(axis=2)).max() > 8:
        raise UsageError(f"the trimap {path} is in colour", "give a grey picture of 0, 128 and 255")
    middle = grey[..., 1]
    return np.where(middle < 16, 0, np.where(middle > 239, 255, 128)).astype(np.uint8)


def apply_trimap(picture: Picture, coarse: Matte, trimap: NDArray[np.uint8]) -> Matte:
    """The coarse matte with what is sure in the trimap; in between, closed-form matting, drawn to what the network
    says, or, where that is at odds with the trimap, to how near, geodesically, each sample is to the sure subject."""
    small = resampling.shrink(trimap, coarse.shape)
    front, back = small > 250, small < 5
    alpha, seen = as_floats(coarse.alpha), pixel_features(picture, np.zeros(coarse.shape, np.float32))
    start = alpha if agrees_with_trimap(alpha, front, back) else foreground_proximity(front, back, seen)
    rgb = resampling.shrink(picture.rgb, coarse.shape).astype(np.float32).transpose(2, 0, 1) / np.float32(255)
    start = np.where(front, np.float32(1), np.where(back, np.float32(0), start))
    made = solve_closed_form(rgb, start, front | back, PRIOR_WEIGHT)
    made = np.where(front, 1, np.where(back, 0, made))
    whole = np.round(made * coarse.bit_depth.peak).astype(coarse.alpha.dtype)
    return replace(coarse, alpha=whole, found=bool(front.any()) or coarse.found, box=subject_box(whole))


def agrees_with_trimap(alpha: Floats, known_foreground: Mask, known_background: Mask) -> bool:
    """Whether a matte is of the trimap's subject: mostly there on its sure subject, mostly not on its background."""
    return bool(
        (not known_foreground.any() or alpha[known_foreground].mean() > 0.5)
        and (not known_background.any() or alpha[known_background].mean() < 0.5)
    )


def foreground_proximity(known_foreground: Mask, known_background: Mask, features: Floats) -> Floats:
    """How near each sample is to the sure subject, 0..1, geodesically, against the sure background."""
    cost = neighbour_costs(features, np.ones(known_foreground.shape), np.zeros(known_foreground.shape), STEP_COST)
    ahead, behind = geodesic_distances(known_foreground, cost), geodesic_distances(known_background, cost)
    return np.asarray(behind / np.maximum(ahead + behind, STEP_COST), np.float32)


def enforce_trimap(matte: Matte, trimap: NDArray[np.uint8]) -> Matte:
    """The matte at the picture's size with exactly nothing and exactly all where the trimap is sure."""
    alpha = matte.alpha.copy()
    alpha[trimap == 0] = 0
    alpha[trimap == 255] = matte.bit_depth.peak
    return replace(matte, alpha=alpha, box=subject_box(alpha))
