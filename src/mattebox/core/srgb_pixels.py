"""The sRGB transfer curve on whole numbers at either bit depth."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.srgb import decode_srgb, encode_srgb
from mattebox.types import BitDepth, Floats, Pixels


def decode_srgb_pixels(pixels: Pixels) -> Floats:
    """Whole numbers at either depth -> linear light 0..1, by a table."""
    light: Floats = _decode_table(BitDepth.of_pixels(pixels))[pixels]
    return light


def encode_srgb_pixels(light: Floats, depth: BitDepth) -> Pixels:
    """Linear light 0..1 -> whole numbers at a depth, rounded."""
    pixels: Pixels = np.rint(encode_srgb(light) * depth.peak).astype(depth.dtype)
    return pixels


@lru_cache(maxsize=2)
def _decode_table(depth: BitDepth) -> NDArray[Any]:
    return decode_srgb(np.linspace(0, 1, depth.peak + 1)).astype(np.float32)
