"""Where the subject stands on the canvas: crop, margins, size, aspect, scale and position. The aspect of what is shown
never changes.

`place` is arithmetic on sizes alone; `apply` moves pixels. Knows nothing of backgrounds or shadows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.recipe.steps import Frame
from mattebox.types import Box, ImageShape, Picture

MAX_CANVAS_SIDE_PIXELS, MAX_CANVAS_PIXELS = 30_000, 400_000_000  # pixels on a side of the canvas, and in all

POSITION_KEYWORDS = {
    "center": (0.5, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
}
LENGTH_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(px|%)?")


@dataclass(frozen=True)
class Placement:
    """A pixel at (x, y) of the source lands at (left + scale x, top + scale y) of a canvas (height, width)."""

    canvas_size: ImageShape
    scale: float
    left: float
    top: float

    def map_box(self, box: Box) -> Box:
        """A box of the source on the canvas, cut off at its rims."""
        x = [min(max(0, round(self.left + self.scale * v)), self.canvas_size[1]) for v in box[::2]]
        y = [min(max(0, round(self.top + self.scale * v)), self.canvas_size[0]) for v in box[1::2]]
        return x[0], y[0], x[1], y[1]

    def shift(self, offset: tuple[int, int]) -> Placement:
        """The same for a picture whose corner lies `offset` (right, down) inside the source."""
        return Placement(
            self.canvas_size, self.scale, self.left + self.scale * offset[0], self.top + self.scale * offset[1]
        )


def compute_placement(source: ImageShape, box: Box, frame: Frame) -> Placement:
    """Where a picture of size `source`, its subject inside `box`, goes. UsageError when the frame makes no sense."""
    own = frame.fill == "original"
    fill = None if own else parse_fill(frame.fill)
    tight = frame.crop == "subject" or fill is not None or own
    shown = box if tight else (0, 0, source[1], source[0])
    wide, tall = shown[2] - shown[0], shown[3] - shown[1]
    margins = _parse_margins(frame.margin)
    kept = tight and frame.crop == "nothing"  # the subject is scaled on the picture's own canvas
    natural = source[::-1] if kept else _add_margins((wide, tall), margins)
    width, height = canvas_size(natural, frame)
    left, top, right, bottom = _margins_in_pixels(margins, width, height)
    inner = (width - left - right, height - top - bottom)
    if min(inner) < 1:
        raise UsageError(f"a margin of {frame.margin} leaves nothing of {width} x {height}", "make it smaller")
    scale = min(inner[0] / wide, inner[1] / tall)
    if fill is not None:
        scale = min(scale, fill * width / wide, fill * height / tall)
    elif frame.size == "original" or own:
        scale = 1.0
    x, y = _resolve_position(frame.position, shown, source)
    return _snap_to_pixels(
        Placement(
            (height, width),
            scale,
            left + (inner[0] - wide * scale) * x - shown[0] * scale,
            top + (inner[1] - tall * scale) * y - shown[1] * scale,
        )
    )


def apply_placement(picture: Picture, placement: Placement) -> Picture:
    """The picture on its canvas, transparent around; opaque when it covers all of it. Whole moves keep every bit."""
    height, width = picture.shape
    x = _clip_to_canvas(placement.left, placement.left + placement.scale * width, placement.canvas_size[1])
    y = _clip_to_canvas(placement.top, placement.top + placement.scale * height, placement.canvas_size[0])
    left, right = (min(max((v - placement.left) / placement.scale, 0.0), float(width)) for v in x)
    top, bottom = (min(max((v - placement.top) / placement.scale, 0.0), float(height)) for v in y)
    inside = (left, top, right, bottom)
    part = resampling.crop_and_resize(picture.rgb, picture.alpha, inside, (y[1] - y[0], x[1] - x[0]))
    if part[0].shape[:2] == placement.canvas_size and part[1] is None:
        return picture.with_pixels(part[0], None)
    rgb = np.zeros((*placement.canvas_size, 3), picture.bit_depth.dtype)
    alpha = np.zeros(placement.canvas_size, picture.bit_depth.dtype)
    rgb[y[0] : y[1], x[0] : x[1]] = part[0]
    alpha[y[0] : y[1], x[0] : x[1]] = picture.bit_depth.peak if part[1] is None else part[1]
    return picture.with_pixels(rgb, alpha)


def clear_outside_box(cutout: Picture, box: Box) -> Picture:
    """The cutout without what lies outside the subject's box and a rim of one in a hundred."""
    if cutout.alpha is None:
        return cutout
    rim = max(1, round(0.01 * max(box[2] - box[0], box[3] - box[1])))
    part = (slice(max(0, box[1] - rim), box[3] + rim), slice(max(0, box[0] - rim), box[2] + rim))
    alpha = np.zeros_like(cutout.alpha)
    alpha[part] = cutout.alpha[part]
    return cutout.with_pixels(cutout.rgb, alpha)


def check_frame(frame: Frame) -> None:
    """UsageError when no picture could be framed so."""
    compute_placement((100, 100), (25, 25, 75, 75), frame)


def canvas_size(content_size: tuple[float, float], frame: Frame) -> tuple[int, int]:
    """Width and height of the canvas: as asked, or what the content takes, widened to the aspect."""
    exact = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", frame.size)
    if exact:
        if frame.aspect != "original":
            raise UsageError("both size and aspect are given", "give one of them; a size has an aspect of its own")
        size = float(exact[1]), float(exact[2])
    else:
        size = _widen_to_aspect(content_size, frame.aspect)
        longer = re.fullmatch(r"[1-9]\d*", frame.size)
        if longer:
            size = (size[0] * int(frame.size) / max(size), size[1] * int(frame.size) / max(size))
        elif frame.size != "original":
            raise UsageError(f"{frame.size!r} is not a size", "give WIDTHxHEIGHT or the longer side, in pixels")
    width, height = (max(1, round(v)) for v in size)
    if max(width, height) > MAX_CANVAS_SIDE_PIXELS or width * height > MAX_CANVAS_PIXELS:
        raise UsageError(
            f"a canvas of {width} x {height} is too large",
            f"stay within {MAX_CANVAS_SIDE_PIXELS} pixels a side and {MAX_CANVAS_PIXELS // 1_000_000} megapixels",
        )
    return width, height


def _widen_to_aspect(size: tuple[float, float], aspect: str) -> tuple[float, float]:
    if aspect == "original":
        return size
    found = re.fullmatch(r"(\d+(?:\.\d+)?)[:/](\d+(?:\.\d+)?)", aspect)
    if not found or not float(found[1]) or not float(found[2]):
        raise UsageError(f"{aspect!r} is not an aspect", "give WIDTH:HEIGHT, such as 1:1 or 4:5")
    ratio = float(found[1]) / float(found[2])
    return max(size[0], size[1] * ratio), max(size[1], size[0] / ratio)


Length = tuple[float, str]


def _parse_margins(text: str) -> tuple[Length, Length, Length, Length]:
    """Left, top, right, bottom, each (value, px or %), from one, two or four values as in CSS."""
    words = text.replace(",", " ").split()
    found = [LENGTH_PATTERN.fullmatch(w) for w in words]
    if len(words) not in (1, 2, 4) or None in found:
        raise UsageError(
            f"{text!r} is not a margin", "give 5%, 20px, two values (upright, level) or four (top, right, bottom, left)"
        )
    values = [(float(m[1]), m[2] or "px") for m in found if m]
    top, right, bottom, left = values * (4 // len(values)) if len(values) < 4 else values
    return left, top, right, bottom


def _add_margins(size: tuple[int, int], margins: tuple[Length, Length, Length, Length]) -> tuple[float, float]:
    """Width and height with margins around; shares are of the whole that results."""
    grown = []
    for whole, pair in zip(size, ((margins[0], margins[2]), (margins[1], margins[3])), strict=True):
        share = sum(v for v, unit in pair if unit == "%") / 100
        if share >= 0.98:
            raise UsageError("the margins leave nothing of the picture", "let both sides together stay under 98 %")
        grown.append((whole + sum(v for v, unit in pair if unit == "px")) / (1 - share))
    return grown[0], grown[1]


def _margins_in_pixels(margins: tuple[Length, Length, Length, Length], width: int, height: int) -> tuple[int, ...]:
    sides = zip(margins, (width, height, width, height), strict=True)
    return tuple(round(v * side / 100) if unit == "%" else round(v) for (v, unit), side in sides)


def _resolve_position(text: str, shown: Box, source: ImageShape) -> tuple[float, float]:
    """Shares 0..1 of the free room, to the left and above."""
    if text == "original":
        room = (source[1] - (shown[2] - shown[0]), source[0] - (shown[3] - shown[1]))
        return shown[0] / room[0] if room[0] else 0.5, shown[1] / room[1] if room[1] else 0.5
    return parse_position(text)


def parse_position(text: str) -> tuple[float, float]:
    """The shares 0..1 of the free room, to the left and above, that "top" or "30% 50%" asks for. UsageError."""
    if text in POSITION_KEYWORDS:
        return POSITION_KEYWORDS[text]
    words = text.replace(",", " ").split()
    found = [re.fullmatch(r"(\d+(?:\.\d+)?)%", w) for w in words]
    if len(words) not in (1, 2) or None in found or any(float(m[1]) > 100 for m in found if m):
        names = ", ".join(POSITION_KEYWORDS)
        raise UsageError(f"{text!r} is not a position", f'give {names}, original, or "X% Y%" from 0 to 100')
    values = [float(m[1]) / 100 for m in found if m]
    return values[0], values[-1]


def parse_fill(text: str) -> float | None:
    if text == "any":
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    if not found or not 1 <= float(found[1]) <= 100:
        raise UsageError(f"{text!r} is not how much the subject fills", "give 1% to 100%, original, or any")
    return float(found[1]) / 100


def _snap_to_pixels(placement: Placement) -> Placement:
    """Unscaled content moves by whole pixels."""
    if abs(placement.scale - 1) > 1e-9:
        return placement
    return Placement(placement.canvas_size, 1.0, float(round(placement.left)), float(round(placement.top)))


def _clip_to_canvas(start: float, stop: float, length: int) -> tuple[int, int]:
    """A stretch of the canvas in whole pixels, at least one."""
    first = min(max(0, round(start)), length - 1)
    return first, max(first + 1, min(length, round(stop)))
