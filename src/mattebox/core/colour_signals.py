"""Colour spaces that are stated by code numbers (ITU-T H.273) or by a gamma and chromaticities, as ICC profiles."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mattebox.core.array_conversion import PixelArray
from mattebox.core.hdr_transfer import HDR_NAMES, PRIMARIES_BY_CODE, build_hdr_profile
from mattebox.core.icc_builder import (
    ADOBE_RGB,
    ADOBE_RGB_GAMMA,
    BT709,
    CodingPoints,
    Primaries,
    build_rgb_profile,
    gamma_curve,
    srgb_curve,
)

SRGB_GAMMA = 45455  # x 100000, as writers state sRGB's curve
SRGB_GAMMA_RANGE = (45000, 46000)
GAMMA_RANGE = (15000, 250000)  # beyond, the value is a mistake
SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
MAX_CHROMATICITY_ERROR = 150  # x 100000; writers round
UNSPECIFIED = 2
# BT.709 and its kin state a camera's curve; displays show them much as sRGB, which browsers do, too.
SRGB_TRANSFERS = {1, 2, 6, 7, 11, 12, 13, 14, 15}
GAMMA_BY_TRANSFER = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}


class ColourSignal(NamedTuple):
    """The ICC profile (None = sRGB), whether RGB runs from 16 to 235 rather than 0 to 255, and notes for the user."""

    profile: bytes | None = None
    is_narrow_range: bool = False
    notes: tuple[str, ...] = ()


def signal_of_coding_points(points: CodingPoints, *, is_narrow_range: bool = False) -> ColourSignal:
    """The colour space of primaries and a transfer function by their numbers; unknown ones are ignored, with a note."""
    primaries, transfer = points
    if primaries == UNSPECIFIED:
        primaries = 1
    if primaries not in PRIMARIES_BY_CODE or transfer not in {*SRGB_TRANSFERS, *GAMMA_BY_TRANSFER, *HDR_NAMES}:
        note = f"its colour space (primaries {primaries}, transfer {transfer}) is not supported and was taken as sRGB"
        return ColourSignal(None, is_narrow_range, (note,))
    if transfer in HDR_NAMES:
        note = (
            f"high dynamic range ({HDR_NAMES[transfer]}): PNG, TIFF and PSD keep it, other formats get standard range"
        )
        return ColourSignal(build_hdr_profile(CodingPoints(primaries, transfer)), is_narrow_range, (note,))
    if primaries == 1 and transfer in SRGB_TRANSFERS:
        return ColourSignal(None, is_narrow_range)
    curve = srgb_curve() if transfer in SRGB_TRANSFERS else gamma_curve(GAMMA_BY_TRANSFER[transfer])
    name = "Display P3" if primaries == 12 and transfer == 13 else f"H.273 primaries {primaries}, transfer {transfer}"
    return ColourSignal(build_rgb_profile(name, PRIMARIES_BY_CODE[primaries], curve), is_narrow_range)


def expand_narrow_range(pixels: PixelArray) -> PixelArray:
    """Expand uint8 or uint16 colours from 16..235 of 255 (narrow range, ITU-R BT.2100) to the full range."""
    peak = int(np.iinfo(pixels.dtype).max)
    low, span = (16, 219) if peak == 255 else (16 * 256, 219 * 256)
    wide = np.clip((np.arange(peak + 1) - low) / span, 0, 1) * peak
    table: PixelArray = np.rint(wide).astype(pixels.dtype)
    return table[pixels]


def profile_of_gamma(exponent: int | None, chromaticities: Sequence[int] | None) -> bytes | None:
    """A profile of a PNG's gAMA and cHRM, both x 100000, where there are any; None when they state sRGB or make no
    sense."""
    values = chromaticities or SRGB_CHROMATICITIES
    if exponent is None or not GAMMA_RANGE[0] <= exponent <= GAMMA_RANGE[1]:
        exponent = SRGB_GAMMA
    has_srgb_curve = SRGB_GAMMA_RANGE[0] <= exponent <= SRGB_GAMMA_RANGE[1]
    if all(abs(a - b) <= MAX_CHROMATICITY_ERROR for a, b in zip(values, SRGB_CHROMATICITIES, strict=True)):
        primaries = BT709
        if has_srgb_curve:
            return None
    else:
        x, y = [v / 100000 for v in values[::2]], [v / 100000 for v in values[1::2]]
        primaries = Primaries((x[1], y[1]), (x[2], y[2]), (x[3], y[3]), (x[0], y[0]))
    curve = srgb_curve() if has_srgb_curve else gamma_curve(100000 / exponent)
    try:
        return build_rgb_profile("PNG gAMA and cHRM", primaries, curve)
    except (ValueError, struct.error):
        return None


def adobe_rgb_profile() -> bytes:
    """The profile of Adobe RGB (1998), as cameras state it in EXIF."""
    return build_rgb_profile("Adobe RGB (1998) by EXIF", ADOBE_RGB, gamma_curve(ADOBE_RGB_GAMMA))
