"""Trimaps: 0 is certain background, 255 certain subject, 128 unknown.

A trimap can be made from a coarse matte by its uncertainty. One drawn by the user is solved by closed-form matting on
the coarse grid, and holds exactly at full size where it is certain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.io import resampling
from mattebox.matting.closed_form import solve_closed_form
from mattebox.matting.geodesic_distance import geodesic_distances, neighbour_costs
from mattebox.matting.geodesic_features import geodesic_features
from mattebox.matting.mask_validation import check_grey, check_same_size
from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.types import Floats, Mask, Matte, Picture

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255  # values of a trimap
MAX_BACKGROUND_VALUE, MIN_FOREGROUND_VALUE = 15, 240  # values of a drawing that count as the two certain ones
KNOWN_ALPHA_MARGIN = 0.05  # alpha this close to 0 or 1 is certain
UNKNOWN_BAND_SAMPLES = 1  # samples around uncertain ones that are unknown, too: a network's grid is coarse
PRIOR_WEIGHT = 0.03  # of the coarse alpha, relative to the picture's colours (decision 011)
STEP_COST = 1e-3  # of a step in geodesic distances, relative to changes of colour


def trimap_from_matte(matte: Matte) -> NDArray[np.uint8]:
    """A trimap H x W, uint8, of a matte: unknown along the edge and wherever alpha is uncertain."""
    alpha = as_floats(matte.alpha)
    uncertain = (alpha > KNOWN_ALPHA_MARGIN) & (alpha < 1 - KNOWN_ALPHA_MARGIN)
    subject = alpha > 0.5
    edge = dilate(subject, UNKNOWN_BAND_SAMPLES) & dilate(~subject, UNKNOWN_BAND_SAMPLES)
    unknown = dilate(uncertain, UNKNOWN_BAND_SAMPLES) | edge
    return np.where(unknown, UNKNOWN, np.where(subject, FOREGROUND, BACKGROUND)).astype(np.uint8)


def trimap_from_picture(drawing: Picture, picture: Picture, path: str) -> NDArray[np.uint8]:
    """Read a drawn trimap.

    Parameters
    ----------
    drawing : Picture
        Grey picture, any bit depth.
    picture : Picture
        The picture it was drawn for.
    path : str
        Where the trimap comes from, for messages.

    Returns
    -------
    array of uint8
        H x W, with the values 0, 128 and 255.

    Raises
    ------
    UsageError
        When the drawing is in colour or of another size than the picture.
    """
    check_same_size(drawing, picture, f"the trimap {path}", "draw it at the picture's size")
    check_grey(drawing, f"the trimap {path}", "give a grey picture of 0, 128 and 255")
    grey = resampling.to_eight_bit(drawing.rgb)[..., 1]
    known = np.where(grey >= MIN_FOREGROUND_VALUE, FOREGROUND, UNKNOWN)
    return np.where(grey <= MAX_BACKGROUND_VALUE, BACKGROUND, known).astype(np.uint8)


def apply_trimap(picture: Picture, coarse: Matte, trimap: NDArray[np.uint8]) -> Matte:
    """Solve a trimap on the grid of a coarse matte by closed-form matting.

    Parameters
    ----------
    picture : Picture
        The picture, H x W.
    coarse : Matte
        Its coarse matte: the prior in the unknown area, unless it contradicts the trimap; then geodesic proximity to
        the certain subject is.
    trimap : array of uint8
        H x W, see `trimap_from_picture`.

    Returns
    -------
    Matte
        At the resolution of `coarse`.
    """
    reduced = resampling.shrink(trimap, coarse.shape)
    foreground, background = reduced > 250, reduced < 5
    prior = as_floats(coarse.alpha)
    if not agrees_with_trimap(prior, foreground, background):
        features = geodesic_features(picture, np.zeros(coarse.shape, np.float32))
        prior = foreground_proximity(foreground, background, features)
    prior = np.where(foreground, np.float32(1), np.where(background, np.float32(0), prior))
    rgb = as_floats(resampling.shrink(picture.rgb, coarse.shape)).transpose(2, 0, 1)
    alpha = solve_closed_form(rgb, prior, foreground | background, PRIOR_WEIGHT)
    alpha = np.where(foreground, np.float32(1), np.where(background, np.float32(0), alpha))
    return coarse.with_alpha(as_pixels(alpha, coarse.bit_depth), found=coarse.found or bool(foreground.any()))


def agrees_with_trimap(alpha: Floats, known_foreground: Mask, known_background: Mask) -> bool:
    """Whether a matte shows the trimap's subject: on average above one half on it, and below one half beside it."""
    return bool(
        (not known_foreground.any() or alpha[known_foreground].mean() > 0.5)
        and (not known_background.any() or alpha[known_background].mean() < 0.5)
    )


def foreground_proximity(known_foreground: Mask, known_background: Mask, features: Floats) -> Floats:
    """Geodesic proximity H x W of each sample to the certain subject, 0..1: 1 on it, 0 on the certain background."""
    shape = known_foreground.shape
    costs = neighbour_costs(features, np.ones(shape), np.zeros(shape), STEP_COST)
    to_foreground = geodesic_distances(known_foreground, costs)
    to_background = geodesic_distances(known_background, costs)
    return np.asarray(to_background / np.maximum(to_foreground + to_background, STEP_COST), np.float32)


def enforce_trimap(matte: Matte, trimap: NDArray[np.uint8]) -> Matte:
    """The matte at the picture's size, with alpha exactly 0 and 1 where the trimap is certain."""
    alpha = matte.alpha.copy()
    alpha[trimap == BACKGROUND] = 0
    alpha[trimap == FOREGROUND] = matte.bit_depth.peak
    return matte.with_alpha(alpha)
