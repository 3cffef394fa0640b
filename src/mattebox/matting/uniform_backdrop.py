"""Subjects on a backdrop of one exact colour: what has another hue cannot be that backdrop, nor its shadow.

Catalogue pictures, stickers and logos have a border whose pixels are all of one colour, and a network that takes a
large even part of such a subject for background, a logo's disc or a strap, leaves a hole that colour alone shows to be
wrong. Parts of another hue that touch the subject are given back; grey parts, which may be shadows, are left alone.
Photographed backdrops are never exactly even, and are not touched.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.connected_components import dilate, label_components
from mattebox.io import resampling
from mattebox.matting.flat_artwork import border_colour
from mattebox.matting.hole_opening import GUIDE_SIDE_SAMPLES
from mattebox.matting.matte_operations import as_floats, as_pixels, guide_image
from mattebox.types import Floats, Mask, Matte, Picture

MIN_EXACT_BORDER_SHARE = 0.98  # of the border's pixels that have one colour
MIN_HUE_DISTANCE = 48 / 255  # from all darker shades of the backdrop
MIN_PART_SHARE = 0.002  # of the picture
MIN_SUBJECT_ALPHA = 0.5


def restore_coloured_parts(picture: Picture, coarse: Matte) -> Matte:
    """Give parts of the subject back that stand out from an exactly even backdrop by their hue.

    Parameters
    ----------
    picture : Picture
        The picture of the matte.
    coarse : Matte
        Coarse matte of the whole picture.

    Returns
    -------
    Matte
        At the resolution of `coarse`; the same object where there is no such backdrop or nothing to give back.
    """
    colour, share = border_colour(resampling.to_eight_bit(picture.rgb))
    if share < MIN_EXACT_BORDER_SHARE:
        return coarse
    guide = guide_image(picture.rgb, max(1, round(max(picture.shape) / GUIDE_SIDE_SAMPLES)))
    alpha = resampling.enlarge(as_floats(coarse.alpha), guide.shape[:2], "bilinear")
    parts = find_coloured_parts(guide, alpha, np.array(colour, np.float32) / np.float32(255))
    if not (parts & (alpha < MIN_SUBJECT_ALPHA)).any():
        return coarse
    cover = resampling.crop_and_resize_plane(parts.astype(np.float32), (0, 0, *parts.shape[::-1]), coarse.shape)
    return coarse.with_alpha(as_pixels(np.maximum(as_floats(coarse.alpha), cover.clip(0, 1)), coarse.bit_depth))


def find_coloured_parts(guide: Floats, alpha: Floats, backdrop: Floats) -> Mask:
    """Which samples of a guide H x W x 3, 0..1, have another hue than the backdrop and touch the subject, H x W."""
    shade = np.clip(guide @ backdrop / max(float(backdrop @ backdrop), 1e-4), 0, 1)[..., None]
    distance = np.linalg.norm(guide - shade * backdrop, axis=2)
    coloured = distance > MIN_HUE_DISTANCE
    labels, components = label_components(coloured)
    touching = np.unique(labels[dilate(alpha > MIN_SUBJECT_ALPHA, 1)])
    large = [index for index, c in enumerate(components, 1) if c.area >= MIN_PART_SHARE * alpha.size]
    return np.isin(labels, np.intersect1d(touching, large))
