"""Only a part of the photograph may hold the subject: the rest is background, whatever lies there.

The part is cut out by itself, so that the network sees nothing else. Knows nothing of networks.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from mattebox.errors import UsageError
from mattebox.types import Box, ImageShape, Matte, Picture

LENGTH_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(px|%)?")


def parse_region(text: str, size: ImageShape) -> Box | None:
    """ "X1 Y1 X2 Y2" in pixels or percent -> a box inside a picture of that size; None for all. UsageError."""
    if text == "all":
        return None
    found = [LENGTH_PATTERN.fullmatch(w) for w in text.replace(",", " ").split()]
    if len(found) != 4 or None in found:
        raise UsageError(f"{text!r} is not a region", 'give "X1 Y1 X2 Y2", each in px or %')
    height, width = size
    x1, y1, x2, y2 = (
        round(float(m[1]) * (whole / 100 if m[2] == "%" else 1))
        for m, whole in zip(found, (width, height, width, height), strict=True)
        if m
    )
    if x2 > width or y2 > height:
        raise UsageError(f"the region {text!r} is larger than the picture, {width} x {height}", "stay inside it")
    if x2 <= x1 or y2 <= y1:
        raise UsageError(f"the region {text!r} is empty", "give the upper left corner, then the lower right one")
    return x1, y1, x2, y2


def crop_picture(picture: Picture, box: Box) -> Picture:
    """That part of the picture."""
    part = (slice(box[1], box[3]), slice(box[0], box[2]))
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[part])
    return picture.with_pixels(np.ascontiguousarray(picture.rgb[part]), alpha)


def uncrop_matte(matte: Matte, box: Box, size: ImageShape) -> Matte:
    """A part's matte as the whole picture's: nothing around it."""
    alpha = np.zeros(size, matte.alpha.dtype)
    alpha[box[1] : box[3], box[0] : box[2]] = matte.alpha
    x, y = box[0], box[1]
    moved = (matte.box[0] + x, matte.box[1] + y, matte.box[2] + x, matte.box[3] + y)
    return replace(matte, alpha=alpha, box=moved if matte.found else (0, 0, size[1], size[0]))
