"""Conversion of a picture to the colour profile and bit depth that its file is to have."""

from __future__ import annotations

from dataclasses import replace

from mattebox.io import colour, resampling
from mattebox.types import BitDepth, Picture


def convert_for_output(picture: Picture, *, srgb: bool = False, eight_bit: bool = False) -> Picture:
    """Convert a picture to sRGB if `srgb`, and to 8 bits if `eight_bit`.

    16 bits stay 16 from a profile of curves and primaries; from one of lookup tables they become 8, with a note. Raises
    InputUnreadable when the profile is not usable.
    """
    if srgb and not colour.is_srgb(picture.profile):
        picture = _convert_to_srgb(picture, eight_bit)
    if eight_bit:
        picture = _reduce_to_eight_bit(picture)
    return replace(picture, profile=None) if srgb else picture


def _convert_to_srgb(picture: Picture, eight_bit: bool) -> Picture:
    if picture.bit_depth is BitDepth.SIXTEEN:
        converted = colour.sixteen_bit_to_srgb(picture.rgb, picture.profile)
        if converted is not None:
            return picture.with_pixels(converted, picture.alpha)
        notes = picture.notes if eight_bit else (*picture.notes, "converted to sRGB at 8 bits")
        picture = replace(_reduce_to_eight_bit(picture), notes=notes)
    return picture.with_pixels(colour.to_srgb(resampling.to_eight_bit(picture.rgb), picture.profile), picture.alpha)


def _reduce_to_eight_bit(picture: Picture) -> Picture:
    alpha = None if picture.alpha is None else resampling.to_eight_bit(picture.alpha)
    return picture.with_pixels(resampling.to_eight_bit(picture.rgb), alpha)
