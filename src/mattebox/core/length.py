"""Lengths as users write them: in pixels ("40", "40px") or in percent of a side ("25%")."""

from __future__ import annotations

import re
from typing import NamedTuple

LENGTH_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(px|%)?")


class Length(NamedTuple):
    """Pixels, or percent of a side that is given later."""

    value: float
    is_percent: bool

    def in_pixels(self, side_pixels: float) -> float:
        """The length in pixels, for a side of so many pixels."""
        return self.value * (side_pixels / 100 if self.is_percent else 1)

    def as_share(self, side_pixels: float) -> float:
        """The length as a share of the side (1 is the whole side)."""
        return self.value / (100 if self.is_percent else side_pixels)


def parse_length(text: str) -> Length | None:
    """A length without a sign; None when the text is not one."""
    match = LENGTH_PATTERN.fullmatch(text)
    return Length(float(match[1]), match[2] == "%") if match else None
