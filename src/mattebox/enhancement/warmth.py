"""Warmth: a photograph as if its white balance had been set for a bluer or yellower light."""

from __future__ import annotations

from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.illuminant import SRGB_WHITE_KELVIN, light_from_kelvin
from mattebox.enhancement.white_balance import correct_white_balance
from mattebox.types import Picture, Pixels

MIRED_PER_PERCENT = 0.6  # equal steps of reciprocal colour temperature look equally large
MIREDS_AT_ONE_KELVIN = 1e6


def adjust_warmth(picture: Picture, warmth: float, where: Pixels | None = None) -> Picture:
    """Make a picture warmer or cooler along the black-body locus, at the same luminance; clipped white stays white.

    Parameters
    ----------
    picture
        Either depth, any profile; alpha is kept.
    warmth
        Percent, -100 (cooler) to 100 (warmer); 0 returns the picture itself.
    where
        H x W mask, 0 to its peak: where the adjustment applies.
    """
    if not warmth:
        return picture
    mireds = MIREDS_AT_ONE_KELVIN / SRGB_WHITE_KELVIN - MIRED_PER_PERCENT * warmth
    light = light_from_kelvin(MIREDS_AT_ONE_KELVIN / mireds, colour_space_of(picture))
    return correct_white_balance(picture, light, where=where)
