"""Options of clips as users write them, parsed: times, rates, colour spaces."""

from __future__ import annotations

from fractions import Fraction
from typing import TypedDict

from mattebox.io.scene_light import InputColour, check_input_colour
from mattebox.video.time_text import parse_rate, parse_time


class PartValues(TypedDict):
    """The part of a clip, and how numbered pictures are read."""

    start: Fraction | None
    end: Fraction | None
    rate: Fraction | None
    input_colour: InputColour


def parse_part(
    start: str | float | None, until: str | float | None, rate: str | float | None = None, input_colour: str = "auto"
) -> PartValues:
    """Parse them. UsageError."""
    return PartValues(
        start=None if start is None else parse_time(start),
        end=None if until is None else parse_time(until),
        rate=None if rate is None else parse_rate(rate),
        input_colour=check_input_colour(input_colour),
    )
