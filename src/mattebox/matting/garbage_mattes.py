"""Garbage, holdout and core mattes, the compositing terms: grey pictures that exclude, subtract and add.

A garbage matte excludes what is never subject, before the network's answer is used, so that a wire or a stand in it
cannot become the subject. A holdout matte is what stands in front of the subject: it is subtracted from the result. A
core matte is subject in any case.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.interface import name_image
from mattebox.io import resampling
from mattebox.matting.mask_validation import check_grey, check_same_size
from mattebox.matting.matte_operations import as_floats, has_subject
from mattebox.types import Floats, Matte, Picture


def mask_from_picture(mask: Picture, picture: Picture, path: str) -> Floats:
    """Read a drawn mask.

    Parameters
    ----------
    mask : Picture
        Grey picture, any bit depth.
    picture : Picture
        The picture it was drawn for.
    path : str
        Where the mask comes from, for messages.

    Returns
    -------
    Floats
        The mask H x W, 0..1.

    Raises
    ------
    UsageError
        When the mask is in colour or of another size than the picture.
    """
    check_same_size(mask, picture, name_image("matte", path), "draw it at the picture's size")
    check_grey(mask, name_image("matte", path), "give a grey picture, white where it takes away")
    return as_floats(mask.rgb[..., 1])


def apply_garbage_matte(coarse: Matte, garbage: Floats) -> Matte:
    """The coarse matte without the samples that are mostly garbage; not `found` when nothing is left."""
    is_garbage = resampling.shrink(np.rint(garbage * 255).astype(np.uint8), coarse.shape) > 127
    alpha = np.where(is_garbage, 0, coarse.alpha).astype(coarse.alpha.dtype)
    return coarse.with_alpha(alpha, found=coarse.found and has_subject(alpha))


def subtract_mask(matte: Matte, mask: Floats) -> Matte:
    """The matte times 1 - mask, which has the matte's size."""
    alpha = np.rint(matte.alpha * (1 - mask)).astype(matte.alpha.dtype)
    return matte.with_alpha(alpha)


def apply_core_matte(matte: Matte, core: Floats) -> Matte:
    """The maximum of the matte and a core matte of its size."""
    alpha = np.maximum(matte.alpha, np.rint(core * matte.bit_depth.peak).astype(matte.alpha.dtype))
    return matte.with_alpha(alpha, found=matte.found or bool((core > 0.5).any()))
