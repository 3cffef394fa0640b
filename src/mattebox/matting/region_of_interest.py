"""Region of interest: the part of a picture that may hold the subject; the rest is background."""

from __future__ import annotations

import numpy as np

from mattebox.core.length import parse_length
from mattebox.errors import UsageError
from mattebox.types import Box, ImageShape, Matte, Picture


def parse_region(text: str, size: ImageShape) -> Box | None:
    """Parse a region.

    Parameters
    ----------
    text : str
        "X1 Y1 X2 Y2", each in pixels or percent, or "all".
    size : ImageShape
        The picture's (height, width).

    Returns
    -------
    Box or None
        The box in pixels, inside the picture; None for all of it.

    Raises
    ------
    UsageError
        When the text makes no sense, or the region is empty or larger than the picture.
    """
    if text == "all":
        return None
    lengths = [parse_length(word) for word in text.replace(",", " ").split()]
    if len(lengths) != 4 or None in lengths:
        raise UsageError(f"{text!r} is not a region", 'give "X1 Y1 X2 Y2", each in px or %')
    height, width = size
    sides = (width, height, width, height)
    x1, y1, x2, y2 = (round(length.in_pixels(side)) for length, side in zip(lengths, sides, strict=True) if length)
    if x2 > width or y2 > height:
        raise UsageError(f"the region {text!r} is larger than the picture, {width} x {height}", "stay inside it")
    if x2 <= x1 or y2 <= y1:
        raise UsageError(f"the region {text!r} is empty", "give the upper left corner, then the lower right one")
    return x1, y1, x2, y2


def crop_picture(picture: Picture, box: Box) -> Picture:
    """The picture inside a box."""
    crop = (slice(box[1], box[3]), slice(box[0], box[2]))
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[crop])
    return picture.with_pixels(np.ascontiguousarray(picture.rgb[crop]), alpha)


def uncrop_matte(matte: Matte, box: Box, size: ImageShape) -> Matte:
    """The matte of a crop as that of the whole picture of (height, width) `size`: transparent outside the box."""
    left, top, right, bottom = box
    alpha = np.zeros(size, matte.alpha.dtype)
    alpha[top:bottom, left:right] = matte.alpha
    return matte.with_alpha(alpha)
