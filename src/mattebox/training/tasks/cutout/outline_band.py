"""The band along a mask's outline, where labels are least sure, and the parts that are thinner than it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from mattebox.types import Floats, Mask


def outline_band(inside: Mask, side: int) -> Floats:
    """1 where a square window of so many pixels (odd) holds both sides of a mask's outline, else 0."""
    mask = _as_image(inside)
    dilated, eroded = mask.filter(ImageFilter.MaxFilter(side)), mask.filter(ImageFilter.MinFilter(side))
    return (np.asarray(dilated, np.float32) - np.asarray(eroded, np.float32)) / np.float32(255)


def find_thin_parts(inside: Mask, side: int) -> Mask:
    """What an opening by such a window removes from a mask."""
    opened = _as_image(inside).filter(ImageFilter.MinFilter(side)).filter(ImageFilter.MaxFilter(side))
    return inside & (np.asarray(opened) == 0)


def _as_image(mask: Mask) -> Image.Image:
    return Image.fromarray((mask * 255).astype(np.uint8))
