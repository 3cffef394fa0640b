"""The sRGB transfer curve (IEC 61966-2-1), there and back."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)


def decode_srgb(values: NDArray[F]) -> NDArray[F]:
    """Encoded values -> linear light, both 0..1 and of one float type; what lies outside is clipped."""
    x = np.clip(values, 0, 1)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** x.dtype.type(2.4))


def encode_srgb(light: NDArray[F]) -> NDArray[F]:
    """Linear light -> encoded values, both 0..1 and of one float type; what lies outside is clipped."""
    x = np.clip(light, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** x.dtype.type(1 / 2.4) - 0.055)
