"""The sRGB transfer curve (IEC 61966-2-1), there and back: on floats, and on whole numbers at either bit depth."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mattebox.types import BitDepth, Floats, Pixels

F = TypeVar("F", np.float32, np.float64)


def decode_srgb(values: NDArray[F]) -> NDArray[F]:
    """Encoded values -> linear light, both 0..1 and of one float type; what lies outside is clipped."""
    x = np.clip(values, 0, 1)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** x.dtype.type(2.4))


def encode_srgb(light: NDArray[F]) -> NDArray[F]:
    """Linear light -> encoded values, both 0..1 and of one float type; what lies outside is clipped."""
    x = np.clip(light, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** x.dtype.type(1 / 2.4) - 0.055)


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
