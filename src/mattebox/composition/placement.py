"""Placement of the subject on a canvas: crop, margins, size, aspect, scale and position. Nothing is ever stretched.

`compute_placement` is arithmetic on sizes alone; `apply_placement` moves pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.composition.frame_spec import (
    Margins,
    parse_aspect,
    parse_canvas_size,
    parse_crop_box,
    parse_fill,
    parse_margins,
    parse_position,
)
from mattebox.core.limits import MAX_OUTPUT_PIXELS
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.recipe.steps import Frame
from mattebox.types import Box, ImageShape, Picture

MAX_CANVAS_SIDE_PIXELS = 30_000
MAX_MARGINS_SHARE = 0.98  # of the canvas, for two opposite margins together
CLEARED_MARGIN_SHARE = 0.01  # of the subject's longer side, kept around its box


@dataclass(frozen=True)
class Placement:
    """A scale and a shift: (x, y) of the source lies at (left + scale x, top + scale y) of a canvas (height, width)."""

    canvas_size: ImageShape
    scale: float
    left: float
    top: float

    def map_box(self, box: Box) -> Box:
        """A box of the source on the canvas, clipped to it."""
        x = [min(max(0, round(self.left + self.scale * v)), self.canvas_size[1]) for v in box[::2]]
        y = [min(max(0, round(self.top + self.scale * v)), self.canvas_size[0]) for v in box[1::2]]
        return x[0], y[0], x[1], y[1]

    def photograph_bounds(self, source: ImageShape) -> tuple[float, float, float, float]:
        """Left, top, width and height of a picture of this shape, in shares of the canvas."""
        height, width = self.canvas_size
        return (
            self.left / width, self.top / height,
            self.scale * source[1] / width, self.scale * source[0] / height,
        )  # fmt: skip

    def shift(self, offset: tuple[int, int]) -> Placement:
        """The placement of a picture whose corner lies `offset` (right, down) inside the source."""
        return Placement(
            self.canvas_size, self.scale, self.left + self.scale * offset[0], self.top + self.scale * offset[1]
        )


def compute_placement(
    source: ImageShape, box: Box, frame: Frame, outlined_box: Box | None = None, drawn_box: Box | None = None
) -> Placement:
    """Compute where a picture goes.

    Parameters
    ----------
    source
        (height, width) of the picture.
    box
        Its subject's.
    frame
        The step.
    outlined_box
        The subject's with its outline, which has room on the canvas where the subject is framed; the subject's by
        default.
    drawn_box
        The same with its shadow. A subject that is to fill a share of the canvas is not made smaller for its shadow,
        but moved. The outlined box by default.

    Raises
    ------
    UsageError
        For a frame that makes no sense.
    """
    keeps_scale = frame.fill == "original"
    fill = None if keeps_scale else parse_fill(frame.fill)
    by_subject = frame.crop == "subject" or fill is not None or keeps_scale
    part = _shown_part(source, frame)
    shown = box if by_subject else part
    outlined = outlined_box if by_subject and outlined_box is not None else shown
    drawn = drawn_box if by_subject and drawn_box is not None else outlined
    fitted = drawn if fill is None else outlined
    wide, tall = shown[2] - shown[0], shown[3] - shown[1]
    fitted_size = fitted[2] - fitted[0], fitted[3] - fitted[1]
    margins = parse_margins(frame.margin)
    keeps_canvas = by_subject and frame.crop == "nothing"  # the subject is scaled on the picture's own canvas
    content_size = (part[2] - part[0], part[3] - part[1]) if keeps_canvas else _add_margins(fitted_size, margins)
    width, height = canvas_size(content_size, frame)
    left, top, right, bottom = _margins_in_pixels(margins, width, height)
    inner = (width - left - right, height - top - bottom)
    if min(inner) < 1:
        raise UsageError(f"a margin of {frame.margin} leaves nothing of {width} x {height}", "make it smaller")
    scale = min(inner[0] / fitted_size[0], inner[1] / fitted_size[1])
    if fill is not None:
        scale = min(scale, fill * width / wide, fill * height / tall)
    elif frame.size == "original" or keeps_scale:
        scale = 1.0
    x, y = _resolve_position(frame.position, shown, part)
    return _snap_to_pixels(
        Placement(
            (height, width),
            scale,
            left + _place_interval(shown[::2], drawn[::2], inner[0] / scale, x) * scale,
            top + _place_interval(shown[1::2], drawn[1::2], inner[1] / scale, y) * scale,
        )
    )


def apply_placement(picture: Picture, placement: Placement) -> Picture:
    """Put a picture on its canvas: transparent around, or opaque when it covers all of it. Shifts by whole pixels keep
    every bit."""
    height, width = picture.shape
    x = _clip_to_canvas(placement.left, placement.left + placement.scale * width, placement.canvas_size[1])
    y = _clip_to_canvas(placement.top, placement.top + placement.scale * height, placement.canvas_size[0])
    left, right = (min(max((v - placement.left) / placement.scale, 0.0), float(width)) for v in x)
    top, bottom = (min(max((v - placement.top) / placement.scale, 0.0), float(height)) for v in y)
    part_rgb, part_alpha = resampling.crop_and_resize(
        picture.rgb, picture.alpha, (left, top, right, bottom), (y[1] - y[0], x[1] - x[0])
    )
    if part_rgb.shape[:2] == placement.canvas_size and part_alpha is None:
        return picture.with_pixels(part_rgb, None)
    rgb = np.zeros((*placement.canvas_size, 3), picture.bit_depth.dtype)
    alpha = np.zeros(placement.canvas_size, picture.bit_depth.dtype)
    rgb[y[0] : y[1], x[0] : x[1]] = part_rgb
    alpha[y[0] : y[1], x[0] : x[1]] = picture.bit_depth.peak if part_alpha is None else part_alpha
    return picture.with_pixels(rgb, alpha)


def clear_outside_box(cutout: Picture, box: Box) -> Picture:
    """Make transparent what lies outside the subject's box and a small margin."""
    if cutout.alpha is None:
        return cutout
    margin = max(1, round(CLEARED_MARGIN_SHARE * max(box[2] - box[0], box[3] - box[1])))
    part = (slice(max(0, box[1] - margin), box[3] + margin), slice(max(0, box[0] - margin), box[2] + margin))
    alpha = np.zeros_like(cutout.alpha)
    alpha[part] = cutout.alpha[part]
    return cutout.with_pixels(cutout.rgb, alpha)


def check_frame(frame: Frame) -> None:
    """UsageError for a frame that suits no picture."""
    compute_placement((100, 100), (25, 25, 75, 75), frame)


def _shown_part(source: ImageShape, frame: Frame) -> Box:
    """The part of the source that `crop_to` leaves. UsageError."""
    part = parse_crop_box(frame.crop_to, source)
    if part is None:
        return 0, 0, source[1], source[0]
    if frame.crop == "subject" or frame.aspect != "original" or frame.margin != "0":
        raise UsageError("crop_to is given with crop, aspect or margin", "let it alone say what is shown")
    return part


def canvas_size(content_size: tuple[float, float], frame: Frame) -> tuple[int, int]:
    """Width and height of the canvas: as the frame says, or what the content takes, widened to the aspect.
    UsageError."""
    size = parse_canvas_size(frame.size)
    if isinstance(size, tuple):
        if frame.aspect != "original":
            raise UsageError("both size and aspect are given", "give one of them; a size has an aspect of its own")
        exact: tuple[float, float] = size
    else:
        exact = _widen_to_aspect(content_size, parse_aspect(frame.aspect))
        if size is not None:
            exact = (exact[0] * size / max(exact), exact[1] * size / max(exact))
    width, height = (max(1, round(v)) for v in exact)
    if max(width, height) > MAX_CANVAS_SIDE_PIXELS or width * height > MAX_OUTPUT_PIXELS:
        raise UsageError(
            f"a canvas of {width} x {height} is too large",
            f"stay within {MAX_CANVAS_SIDE_PIXELS} pixels a side and {MAX_OUTPUT_PIXELS // 1_000_000} megapixels",
        )
    return width, height


def _widen_to_aspect(size: tuple[float, float], aspect: float | None) -> tuple[float, float]:
    if aspect is None:
        return size
    return max(size[0], size[1] * aspect), max(size[1], size[0] / aspect)


def _add_margins(size: tuple[int, int], margins: Margins) -> tuple[float, float]:
    """Width and height with margins around; percentages are of the result."""
    widened = []
    for length, pair in zip(size, ((margins[0], margins[2]), (margins[1], margins[3])), strict=True):
        share = sum(v for v, unit in pair if unit == "%") / 100
        if share >= MAX_MARGINS_SHARE:
            raise UsageError("the margins leave nothing of the picture", "let both sides together stay under 98 %")
        widened.append((length + sum(v for v, unit in pair if unit == "px")) / (1 - share))
    return widened[0], widened[1]


def _margins_in_pixels(margins: Margins, width: int, height: int) -> tuple[int, ...]:
    sides = zip(margins, (width, height, width, height), strict=True)
    return tuple(round(v * side / 100) if unit == "%" else round(v) for (v, unit), side in sides)


def _resolve_position(text: str, shown: Box, part: Box) -> tuple[float, float]:
    """Shares 0..1 of the free space to the left and above; "original" keeps those of the part of the source."""
    if text != "original":
        return parse_position(text)
    free_width, free_height = ((part[i + 2] - part[i]) - (shown[i + 2] - shown[i]) for i in (0, 1))
    x, y = shown[0] - part[0], shown[1] - part[1]
    return x / free_width if free_width else 0.5, y / free_height if free_height else 0.5


def _place_interval(shown: tuple[int, ...], drawn: tuple[int, ...], length: float, share: float) -> float:
    """The shift that leaves `share` of the room on a canvas before what is shown, or as near to it as all that is drawn
    allows, if it fits at all."""
    shift = (length - (shown[1] - shown[0])) * share - shown[0]
    lowest, highest = -float(drawn[0]), length - drawn[1]
    return min(max(shift, lowest), highest) if lowest <= highest else shift


def _snap_to_pixels(placement: Placement) -> Placement:
    """Content at its own scale is shifted by whole pixels."""
    if abs(placement.scale - 1) > 1e-9:
        return placement
    return Placement(placement.canvas_size, 1.0, float(round(placement.left)), float(round(placement.top)))


def _clip_to_canvas(start: float, stop: float, length: int) -> tuple[int, int]:
    """An interval of the canvas in whole pixels, at least one."""
    first = min(max(0, round(start)), length - 1)
    return first, max(first + 1, min(length, round(stop)))
