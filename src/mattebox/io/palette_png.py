"""Maps of small numbers as files: 8-bit PNG with a palette, so that programs read the numbers and people see colours.

After the habit of PASCAL VOC and Cityscapes. Knows nothing of what the numbers mean.
"""

from __future__ import annotations

import colorsys
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HUE_STEP_TURNS = 0.618034  # turns of the colour wheel between neighbours, so that none looks like the one before


def encode_palette_png(values: NDArray[np.uint8], background_value: int) -> bytes:
    """A PNG's bytes of an H x W map; `background_value` is black, every other number has a colour of its own."""
    picture = Image.fromarray(values).convert("P")
    picture.putpalette(
        b"".join(b"\0\0\0" if value == background_value else _palette_colour(value) for value in range(256))
    )
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _palette_colour(value: int) -> bytes:
    """The same for the same number, in every map."""
    light = 0.95 - 0.15 * (value // 8 % 3)
    return bytes(round(255 * part) for part in colorsys.hsv_to_rgb(value * HUE_STEP_TURNS % 1, 0.75, light))
