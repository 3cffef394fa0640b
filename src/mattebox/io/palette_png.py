"""Label maps as 8-bit palette PNGs, as in PASCAL VOC and Cityscapes: programs read numbers, people see colours."""

from __future__ import annotations

import colorsys
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.io.result_mark import mark_exif

HUE_STEP_TURNS = 0.618034  # golden ratio of the colour wheel, so that consecutive numbers look different


def encode_palette_png(values: NDArray[np.uint8], background_value: int) -> bytes:
    """Encode an H x W uint8 map; `background_value` is black, every other value has its own colour."""
    picture = Image.fromarray(values).convert("P")
    picture.putpalette(
        b"".join(b"\0\0\0" if value == background_value else _palette_colour(value) for value in range(256))
    )
    file = io.BytesIO()
    picture.save(file, "PNG", exif=mark_exif(None))
    return file.getvalue()


def _palette_colour(value: int) -> bytes:
    """The colour of a value, the same in every map."""
    light = 0.95 - 0.15 * (value // 8 % 3)
    return bytes(round(255 * part) for part in colorsys.hsv_to_rgb(value * HUE_STEP_TURNS % 1, 0.75, light))
