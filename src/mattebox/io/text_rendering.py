"""Text as coverage masks, in the font that Pillow carries (Aileron, CC0)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mattebox.types import Floats

MAX_CACHED_FONTS = 16


def render_text(text: str, height: int) -> Floats:
    """One line of text as coverage.

    Parameters
    ----------
    text : str
        Characters that the font lacks become boxes.
    height : int
        Of a line in pixels, from the top of high letters to the bottom of low ones.

    Returns
    -------
    (height, W) float32
        0..1, W as wide as the text.
    """
    font = _font(height)
    left, _, right, _ = font.getbbox(text)
    ascent, descent = font.getmetrics() if isinstance(font, ImageFont.FreeTypeFont) else (height, 0)
    image = Image.new("L", (max(1, math.ceil(right - left)), ascent + descent))
    ImageDraw.Draw(image).text((-left, 0), text, fill=255, font=font)
    width = max(1, round(image.width * height / image.height))
    resized = image.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized, np.float32) / np.float32(255)


@lru_cache(maxsize=MAX_CACHED_FONTS)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(6, height))
