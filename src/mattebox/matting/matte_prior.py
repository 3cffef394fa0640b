"""The mattes that a phone wrote into a file, as a prior for a network's matte.

A phone's portrait matte was made with its depth sensor and is several times as fine as a network's, but knows people
only. So it decides along their outline, and what a network sees clear of it (a guitar, a dog) stays. Where the two do
not show the same subject, the network's counts. What the phone took for sky is no subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mattebox.core.connected_components import dilate, label_components
from mattebox.core.smoothing_filters import box_filter
from mattebox.io import resampling
from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.types import BitDepth, Box, Floats, ImageShape, Mask, Matte, Pixels, subject_box

PORTRAIT, SKY = "portrait", "sky"
PEOPLE_PARTS = ("skin", "hair", "teeth", "glasses")
MIN_COVERED_SHARE = 0.5  # of the file's people that the network must have found too, to show the same subject
MIN_VISIBLE_ALPHA = 0.05  # of the file's matte, below which a place is clear of people
MIN_PART_SHARE = 0.02  # of the longer side: narrower parts clear of the people are the network's blurred outline


class PriorUse(NamedTuple):
    """A matte with a file's mattes used, and how.

    Attributes
    ----------
    matte : Matte
        On the finer of the two grids.
    agreement : float
        The share of the file's people that the network has found too, 0..1.
    added_share : float
        The share of the subject that the network alone has found, 0..1.
    is_used : bool
        Whether the file's people decided; False where the network shows something else.
    """

    matte: Matte
    agreement: float
    added_share: float
    is_used: bool


def crop_mattes(mattes: Mapping[str, Pixels], box: Box | None, shape: ImageShape) -> Mapping[str, Pixels]:
    """A file's mattes inside a box of its picture, whose (height, width) is `shape`; None = all of it."""
    if box is None:
        return mattes
    cropped = {}
    for name, matte in mattes.items():
        down, across = (side / whole for side, whole in zip(matte.shape, shape, strict=True))
        left, top, right, bottom = box[0] * across, box[1] * down, box[2] * across, box[3] * down
        size = max(1, round(bottom - top)), max(1, round(right - left))
        part = resampling.crop_and_resize_plane(as_floats(matte), (left, top, right, bottom), size)
        cropped[name] = as_pixels(part.clip(0, 1), BitDepth.EIGHT)
    return cropped


def people_matte(mattes: Mapping[str, Pixels]) -> Matte | None:
    """The people of a file, with their hair, skin and glasses; None where it has no portrait matte.

    At the portrait matte's size, with 16 bits and confidence 1; not found where nobody is in it.
    """
    if PORTRAIT not in mattes:
        return None
    alpha = as_floats(mattes[PORTRAIT])
    people_shape = alpha.shape[0], alpha.shape[1]
    for name in PEOPLE_PARTS:
        if name in mattes:
            np.maximum(alpha, _resize(mattes[name], people_shape), out=alpha)
    pixels = as_pixels(alpha, BitDepth.SIXTEEN)
    is_found = bool((alpha > 0.5).any())
    return Matte(pixels, 1.0 if is_found else 0.0, is_found, subject_box(pixels))


def apply_prior(matte: Matte, mattes: Mapping[str, Pixels]) -> PriorUse:
    """Use a file's mattes.

    Parameters
    ----------
    matte : Matte
        A network's, of the same picture.
    mattes : mapping
        By what they show, as `Picture.mattes` has them; a portrait matte, or one of the sky, is among them.

    Returns
    -------
    PriorUse
        With the network's confidence; where the network was in doubt and the file knows people, with theirs.
    """
    people = people_matte(mattes)
    if people is None or not people.found:
        return PriorUse(_clear_sky(matte, mattes), 0.0, 0.0, is_used=False)
    known = as_floats(people.alpha)
    network = _resize(matte.alpha, known.shape)
    agreement = float(np.minimum(known, network).sum() / known.sum())
    if not matte.found:
        return PriorUse(_clear_sky(people, mattes), agreement, 0.0, is_used=True)
    if agreement < MIN_COVERED_SHARE:
        return PriorUse(_clear_sky(matte, mattes), agreement, 0.0, is_used=False)
    doubt = 4 * known * (1 - known)  # 0 where the file is sure, 1 where it says half
    alpha = known + doubt * (network - known) / 2
    added = _parts_clear_of(known, network)
    np.maximum(alpha, np.where(dilate(added, 2 * _part_radius(known.shape)), network, 0), out=alpha)
    combined = matte.with_alpha(as_pixels(alpha, BitDepth.SIXTEEN))
    added_share = float(alpha[added].sum() / alpha.sum())
    return PriorUse(_clear_sky(combined, mattes), agreement, added_share, is_used=True)


def _parts_clear_of(known: Floats, network: Floats) -> Mask:
    """Where the network has a subject that is none of the file's people, in parts wider than a blurred outline."""
    is_clear = (network > 0.5) & (known < MIN_VISIBLE_ALPHA)
    is_core = box_filter(is_clear.astype(np.float32), _part_radius(known.shape)) > 1 - 1e-4
    labels, components = label_components(is_clear)
    is_wide = np.zeros(len(components) + 1, np.bool_)
    is_wide[labels[is_core]] = True
    is_wide[0] = False
    return is_wide[labels]


def _part_radius(shape: ImageShape) -> int:
    return max(1, round(MIN_PART_SHARE / 2 * max(shape)))


def _clear_sky(matte: Matte, mattes: Mapping[str, Pixels]) -> Matte:
    """The matte without what the file says is sky; not where that would be most of the subject."""
    if SKY not in mattes:
        return matte
    sky = _resize(mattes[SKY], matte.shape)
    alpha = as_floats(matte.alpha)
    cleared = np.minimum(alpha, 1 - sky)
    if cleared.sum() < 0.5 * alpha.sum():
        return matte
    return replace(matte, alpha=as_pixels(cleared, matte.bit_depth), box=matte.box)


def _resize(plane: Pixels, shape: ImageShape) -> Floats:
    """A plane as floats 0..1, larger, or smaller and antialiased."""
    values = as_floats(plane)
    return values if values.shape == shape else resampling.enlarge(values, shape, "bilinear")
