"""Colours of outlines and shadows, which are opaque."""

from __future__ import annotations

from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.types import Picture


def parse_opaque_colour(text: str) -> colour.RgbColour:
    """The sRGB colour that a text names; UsageError for a translucent one."""
    rgb = colour.parse_colour(text)
    if rgb is None:
        raise UsageError(f"the colour {text!r} of an outline or a shadow", "give an opaque colour")
    return rgb


def parse_picture_colour(text: str, picture: Picture) -> colour.RgbColour:
    """The colour in the picture's own encoding and depth."""
    return colour.colour_from_srgb(parse_opaque_colour(text), picture.profile, picture.bit_depth)
