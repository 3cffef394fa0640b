"""The picture as a file is to carry it: in sRGB, at 8 bits, where asked. Knows nothing of formats."""

from __future__ import annotations

from dataclasses import replace

from mattebox.io import colour, resampling
from mattebox.types import Depth, Picture


def deliver(picture: Picture, *, srgb: bool = False, eight: bool = False) -> Picture:
    """The same picture, in sRGB if `srgb`, with 8 bits if `eight`. Through a profile, 16 bits become 8 (and it is
    said so in the notes). InputUnreadable when the profile is not usable."""
    convert = srgb and not colour.is_srgb(picture.profile)
    notes = picture.notes
    if convert and not eight and picture.depth is Depth.SIXTEEN:
        notes = (*notes, "converted to sRGB at 8 bits")
    if convert or (eight and picture.depth is Depth.SIXTEEN):
        alpha = None if picture.alpha is None else resampling.eight_bit(picture.alpha)
        picture = replace(picture.with_pixels(resampling.eight_bit(picture.rgb), alpha), notes=notes)
    if convert:
        picture = picture.with_pixels(colour.to_srgb(resampling.eight_bit(picture.rgb), picture.profile), picture.alpha)
    return replace(picture, profile=None) if srgb else picture
