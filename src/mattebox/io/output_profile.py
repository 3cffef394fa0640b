"""Conversion of a picture to the colour profile and bit depth that its file is to have."""

from __future__ import annotations

from dataclasses import replace

from mattebox.io import colour, resampling
from mattebox.types import BitDepth, Picture


def convert_for_output(picture: Picture, *, srgb: bool = False, eight_bit: bool = False) -> Picture:
    """Convert a picture to sRGB if `srgb`, and to 8 bits if `eight_bit`.

    Converting a 16-bit picture from another profile reduces it to 8 bits and adds a note. Raises InputUnreadable when
    the profile is not usable.
    """
    convert = srgb and not colour.is_srgb(picture.profile)
    notes = picture.notes
    if convert and not eight_bit and picture.bit_depth is BitDepth.SIXTEEN:
        notes = (*notes, "converted to sRGB at 8 bits")
    if convert or (eight_bit and picture.bit_depth is BitDepth.SIXTEEN):
        alpha = None if picture.alpha is None else resampling.to_eight_bit(picture.alpha)
        picture = replace(picture.with_pixels(resampling.to_eight_bit(picture.rgb), alpha), notes=notes)
    if convert:
        picture = picture.with_pixels(
            colour.to_srgb(resampling.to_eight_bit(picture.rgb), picture.profile), picture.alpha
        )
    return replace(picture, profile=None) if srgb else picture
