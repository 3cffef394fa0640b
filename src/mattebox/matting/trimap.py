"""Trimaps: 0 is surely background, 255 surely subject, anything between to be found out.

One can be made of a coarse matte by its own uncertainty; one given by the user is honoured exactly where it is sure.
Knows nothing of networks or files.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import grown, subject_box
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.matting.closed_form import solved
from mattebox.matting.colour_refinement import as_floats
from mattebox.matting.geodesic_distance import distances, prices
from mattebox.matting.geodesic_edit import features
from mattebox.types import Floats, Matte, Picture

Mask = NDArray[np.bool_]

SURE = 0.05  # alpha within this of nothing or all is sure
NEAR = 1  # samples around what is unsure that are unsure, too: a network's grid is coarse
TRUST = 0.03  # in the network, beside the photograph's colours (LOG.md)
STEP = 1e-3  # price of a step, beside the colours' changes


def trimap(matte: Matte) -> NDArray[np.uint8]:
    """0, 128 or 255 for each sample of a matte, by the matte's own uncertainty."""
    alpha = as_floats(matte.alpha)
    unsure = (alpha > SURE) & (alpha < 1 - SURE)
    subject = alpha > 0.5
    edge = grown(subject, NEAR) & grown(~subject, NEAR)
    return np.where(grown(unsure, NEAR) | edge, 128, np.where(subject, 255, 0)).astype(np.uint8)


def given(drawn: Picture, picture: Picture, path: str) -> NDArray[np.uint8]:
    """A drawn trimap as 0, 128 and 255. UsageError when it is not one of that picture."""
    grey = resampling.eight_bit(drawn.rgb)
    if drawn.size != picture.size:
        told = " x ".join(map(str, drawn.size[::-1])), " x ".join(map(str, picture.size[::-1]))
        raise UsageError(f"the trimap {path} is {told[0]}, the picture {told[1]}", "draw it at the picture's size")
    if (grey.max(axis=2) - grey.min(axis=2)).max() > 8:
        raise UsageError(f"the trimap {path} is in colour", "give a grey picture of 0, 128 and 255")
    middle = grey[..., 1]
    return np.where(middle < 16, 0, np.where(middle > 239, 255, 128)).astype(np.uint8)


def guided(picture: Picture, coarse: Matte, known: NDArray[np.uint8]) -> Matte:
    """The coarse matte with what is sure in the trimap; in between, closed-form matting, drawn to what the network
    says, or, where that is at odds with the trimap, to how near, geodesically, each sample is to the sure subject."""
    small = resampling.shrink(known, coarse.size)
    front, back = small > 250, small < 5
    alpha, seen = as_floats(coarse.alpha), features(picture, np.zeros(coarse.size, np.float32))
    start = alpha if agrees(alpha, front, back) else nearness(front, back, seen)
    rgb = resampling.shrink(picture.rgb, coarse.size).astype(np.float32).transpose(2, 0, 1) / np.float32(255)
    start = np.where(front, np.float32(1), np.where(back, np.float32(0), start))
    made = solved(rgb, start, front | back, TRUST)
    made = np.where(front, 1, np.where(back, 0, made))
    whole = np.round(made * coarse.depth.peak).astype(coarse.alpha.dtype)
    return replace(coarse, alpha=whole, found=bool(front.any()) or coarse.found, box=subject_box(whole))


def agrees(alpha: Floats, front: Mask, back: Mask) -> bool:
    """Whether a matte is of the trimap's subject: mostly there on its sure subject, mostly not on its background."""
    return bool((not front.any() or alpha[front].mean() > 0.5) and (not back.any() or alpha[back].mean() < 0.5))


def nearness(front: Mask, back: Mask, seen: Floats) -> Floats:
    """How near each sample is to the sure subject, 0..1, geodesically, against the sure background."""
    cost = prices(seen, np.ones(front.shape), np.zeros(front.shape), STEP)
    ahead, behind = distances(front, cost), distances(back, cost)
    return np.asarray(behind / np.maximum(ahead + behind, STEP), np.float32)


def honoured(matte: Matte, known: NDArray[np.uint8]) -> Matte:
    """The matte at the picture's size with exactly nothing and exactly all where the trimap is sure."""
    alpha = matte.alpha.copy()
    alpha[known == 0] = 0
    alpha[known == 255] = matte.depth.peak
    return replace(matte, alpha=alpha, box=subject_box(alpha))
