"""Parsing of frame parameters as users write them: canvas size, aspect, margins, fill and position."""

from __future__ import annotations

import re

from mattebox.core.length import parse_length
from mattebox.errors import UsageError
from mattebox.types import Box, ImageShape

POSITION_KEYWORDS = {
    "center": (0.5, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
}
LENGTH_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(px|%)?")

Length = tuple[float, str]
"""A value in "px" or "%"."""

Margins = tuple[Length, Length, Length, Length]
"""Left, top, right, bottom."""


def parse_canvas_size(text: str) -> tuple[int, int] | int | None:
    """(width, height) of "WIDTHxHEIGHT", the longer side of a number, None for "original". UsageError."""
    if text == "original":
        return None
    if match := re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text):
        return int(match[1]), int(match[2])
    if re.fullmatch(r"[1-9]\d*", text):
        return int(text)
    raise UsageError(f"{text!r} is not a size", "give WIDTHxHEIGHT or the longer side, in pixels")


def parse_crop_box(text: str, shape: ImageShape) -> Box | None:
    """The part in pixels, of a picture of `shape`, that "X1% Y1% X2% Y2%" means; None for "all". UsageError."""
    if text == "all":
        return None
    lengths = [parse_length(word) for word in text.replace(",", " ").split()]
    shares = [length.value / 100 for length in lengths if length is not None and length.is_percent]
    if len(lengths) != 4 or len(shares) != 4 or max(shares) > 1 or shares[0] >= shares[2] or shares[1] >= shares[3]:
        raise UsageError(
            f"{text!r} is no part of a picture", 'give "X1% Y1% X2% Y2%", the upper left and the lower right corner'
        )
    left, top, right, bottom = (round(share * side) for share, side in zip(shares, shape[::-1] * 2, strict=True))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def parse_aspect(text: str) -> float | None:
    """Width over height of "WIDTH:HEIGHT"; None for "original". UsageError."""
    if text == "original":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)[:/](\d+(?:\.\d+)?)", text)
    if not match or not float(match[1]) or not float(match[2]):
        raise UsageError(f"{text!r} is not an aspect", "give WIDTH:HEIGHT, such as 1:1 or 4:5")
    return float(match[1]) / float(match[2])


def parse_margins(text: str) -> Margins:
    """One, two or four lengths in the order of CSS. UsageError."""
    words = text.replace(",", " ").split()
    matches = [LENGTH_PATTERN.fullmatch(word) for word in words]
    values = [(float(m[1]), m[2] or "px") for m in matches if m]
    if len(words) not in (1, 2, 4) or len(values) != len(words):
        raise UsageError(
            f"{text!r} is not a margin", "give 5%, 20px, two values (upright, level) or four (top, right, bottom, left)"
        )
    top, right, bottom, left = values * (4 // len(values))
    return left, top, right, bottom


def parse_position(text: str) -> tuple[float, float]:
    """The shares 0..1 of the free space to the left and above that "top" or "30% 50%" means. UsageError."""
    if text in POSITION_KEYWORDS:
        return POSITION_KEYWORDS[text]
    words = text.replace(",", " ").split()
    matches = [re.fullmatch(r"(\d+(?:\.\d+)?)%", word) for word in words]
    values = [float(m[1]) / 100 for m in matches if m]
    if len(words) not in (1, 2) or len(values) != len(words) or max(values) > 1:
        names = ", ".join(POSITION_KEYWORDS)
        raise UsageError(f"{text!r} is not a position", f'give {names}, original, or "X% Y%" from 0 to 100')
    return values[0], values[-1]


def parse_fill(text: str) -> float | None:
    """The share 0..1 of the canvas that the subject fills; None for "any". UsageError."""
    if text == "any":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    if not match or not 1 <= float(match[1]) <= 100:
        meant = f"did you mean {text}%? " if re.fullmatch(r"\d{1,2}(\.\d+)?|100", text) else ""
        raise UsageError(f"{text!r} is not how much the subject fills", f"{meant}give 1% to 100%, original, or any")
    return float(match[1]) / 100
