"""Operations on mattes and guide images that several methods share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.io import resampling
from mattebox.types import BitDepth, Floats, Matte, Picture, Pixels

MIN_VISIBLE_ALPHA = 0.1  # of the peak: below, alpha is haze that nobody would call part of a subject
MIN_VISIBLE_SHARE = 0.0005  # of the picture: with less above MIN_VISIBLE_ALPHA, nothing stands out


def as_floats(pixels: Pixels) -> Floats:
    """Pixels of any bit depth as float32, 0..1."""
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def as_pixels(values: NDArray[np.floating[Any]], depth: BitDepth) -> Pixels:
    """Values 0..1, rounded to whole numbers of a bit depth."""
    return np.round(values * depth.peak).astype(depth.dtype)


def is_blank(alpha: Pixels) -> bool:
    """Whether next to nothing stands out: less than MIN_VISIBLE_SHARE of the area is above MIN_VISIBLE_ALPHA."""
    return float((alpha > MIN_VISIBLE_ALPHA * np.iinfo(alpha.dtype).max).mean()) < MIN_VISIBLE_SHARE


def has_subject(alpha: Pixels) -> bool:
    """Whether any pixel is more than half opaque."""
    return bool((alpha > np.iinfo(alpha.dtype).max // 2).any())


def stretch_levels(values: NDArray[Any], black: float, white: float) -> NDArray[Any]:
    """Values with `black` moved to 0 and `white` to 1, linear between and clipped outside."""
    return np.clip((values - black) / (white - black), 0, 1)


def guide_image(rgb: Pixels, factor: int) -> Floats:
    """Encoded colours h x w x 3, 0..1, on a grid whose cells are `factor` x `factor` pixels."""
    return as_floats(resampling.average_blocks(rgb, factor))


def to_nchw(image: Floats) -> Floats:
    """H x W x C -> 1 x C x H x W, contiguous, as the ONNX kernels take it."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None])


def enlarge_matte(picture: Picture, matte: Matte) -> Matte:
    """Enlarge a coarse matte to a picture's size and bit depth, bicubic: fast, and blind to the picture's edges.

    Parameters
    ----------
    picture : Picture
        The picture that the matte belongs to.
    matte : Matte
        Coarse matte of the whole picture, at any resolution.

    Returns
    -------
    Matte
        Alpha at the picture's size and bit depth, never more opaque than the picture's own alpha.
    """
    return finalise_matte(picture, matte, enlarge_alpha(picture, matte))


def enlarge_alpha(picture: Picture, matte: Matte) -> Pixels:
    """The coarse alpha at the picture's size and bit depth, bicubic."""
    coarse = as_floats(matte.alpha)
    if picture.bit_depth is BitDepth.EIGHT:
        return resampling.enlarge(as_pixels(coarse, BitDepth.EIGHT), picture.shape).copy()
    return as_pixels(resampling.enlarge(coarse, picture.shape).clip(0, 1), BitDepth.SIXTEEN)


def finalise_matte(picture: Picture, matte: Matte, alpha: Pixels) -> Matte:
    """The matte with a new alpha at the picture's size: never more opaque than the picture's own alpha, and with its
    box in the picture's pixels."""
    if picture.alpha is not None:
        peak = picture.bit_depth.peak
        product = alpha.astype(np.uint32) * picture.alpha
        alpha = ((product + peak // 2) // peak).astype(picture.bit_depth.dtype)
    return matte.with_alpha(alpha)
