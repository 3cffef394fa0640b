"""Samples of more than 16 bits, signed ones and floating point as 16 bits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.io.pillow_arrays import STRIP_ROWS

MAX_ROUNDING_ERROR = 1e-3  # over 1, before a note says that values were clipped
MIN_BYTE_SCALE_PEAK = 2.0  # pictures of floats from 0 to 1 seldom go beyond, those from 0 to 255 always do


class QuantisedSamples(NamedTuple):
    """uint16 samples, and notes for the user."""

    pixels: NDArray[np.uint16]
    notes: tuple[str, ...] = ()


def quantise(samples: NDArray[Any]) -> QuantisedSamples:
    """Convert samples of any numeric type to 16 bits.

    Integers are scaled by their type, unless none exceeds 65535. Floating point is taken from 0 to 1, or from 0 to 255
    or 65535 where the largest value is far above 1; what lies outside is clipped, with a note.
    """
    if samples.dtype.kind == "f":
        return _quantise_floats(samples)
    bits = samples.dtype.itemsize * 8 - (samples.dtype.kind == "i")
    if bits > 16 and int(samples.max()) <= 65535:
        return QuantisedSamples(
            np.maximum(samples, 0).astype(np.uint16), (f"{bits}-bit samples up to 65535 taken as 16 bits",)
        )
    positive = np.maximum(samples, 0)
    if bits <= 16:  # signed, of 7 or 15 bits
        return QuantisedSamples((positive.astype(np.uint32) * 65535 // ((1 << bits) - 1)).astype(np.uint16))
    return QuantisedSamples((positive >> (bits - 16)).astype(np.uint16), (f"{bits} bits per channel reduced to 16",))


def _quantise_floats(samples: NDArray[Any]) -> QuantisedSamples:
    finite = np.isfinite(samples)
    peak = float(np.max(samples, where=finite, initial=0))
    scale, notes = 1.0, ["floating point reduced to 16 bits per channel"]
    if MIN_BYTE_SCALE_PEAK < peak <= 65535 and np.median(samples[::7]) > MIN_BYTE_SCALE_PEAK:
        scale = 255.0 if peak <= 255.5 else 65535.0
        notes = [f"floating-point values taken from 0 to {scale:.0f}"]
    if peak > scale * (1 + MAX_ROUNDING_ERROR):
        notes.append(f"values above {scale:.0f} clipped (the largest is {peak:.4g})")
    if not finite.all():
        notes.append("values that are not finite numbers replaced")
    pixels = np.empty(samples.shape, np.uint16)
    for top in range(0, len(samples), STRIP_ROWS):
        with np.errstate(invalid="ignore"):  # signalling NaNs
            wide = samples[top : top + STRIP_ROWS].astype(np.float64)
        strip = np.nan_to_num(wide, nan=0.0, posinf=scale, neginf=0.0)
        pixels[top : top + STRIP_ROWS] = np.rint(np.clip(strip / scale, 0, 1) * 65535)
    return QuantisedSamples(pixels, tuple(notes))
