"""Checks of the pictures that users draw for a photograph: masks, trimaps and clean plates."""

from __future__ import annotations

from mattebox.core.channel_extremes import largest_channel, smallest_channel
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.types import Picture

MAX_GREY_DIFFERENCE = 8  # of 255, between the channels of a grey picture


def check_same_size(drawing: Picture, picture: Picture, name: str, remedy: str) -> None:
    """UsageError unless the drawing has the picture's size; `name` is what the message calls it."""
    if drawing.shape != picture.shape:
        sizes = [" x ".join(map(str, p.size)) for p in (drawing, picture)]
        raise UsageError(f"{name} is {sizes[0]}, the picture {sizes[1]}", remedy)


def check_grey(drawing: Picture, name: str, remedy: str) -> None:
    """UsageError unless the drawing is grey."""
    rgb = resampling.to_eight_bit(drawing.rgb)
    if int((largest_channel(rgb) - smallest_channel(rgb)).max()) > MAX_GREY_DIFFERENCE:
        raise UsageError(f"{name} is in colour", remedy)
