"""Draws what a dry run found: a frame around each face and plate as it would be hidden, and its number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mattebox.anonymisation.regions import DetectedObject, grow_box, pixel_box
from mattebox.types import BitDepth, Floats, Picture, Pixels

HIDDEN_COLOUR, KEPT_COLOUR = (255, 40, 40), (40, 200, 60)
LINE_SHARE, LABEL_SHARE = 0.003, 0.035  # of the picture's shorter side

RenderText = Callable[[str, int], Floats]
"""A line of text and its height in pixels -> its coverage, 0..1."""


def mark_objects(
    picture: Picture, objects: Sequence[DetectedObject], render_text: RenderText, growth: float = 1.0
) -> Picture:
    """The picture, opaque, with a numbered frame around each object: red if it is to be hidden, green if it stays."""
    rgb = picture.rgb.copy()
    side, scale = min(picture.shape), BitDepth.of_pixels(rgb).peak / 255
    line, height = max(1, round(LINE_SHARE * side)), max(9, round(LABEL_SHARE * side))
    for item in objects:
        colour = np.array(HIDDEN_COLOUR if item.is_hidden else KEPT_COLOUR, np.float32) * np.float32(scale)
        left, top, right, bottom = pixel_box(grow_box(item.box, item.kind, growth), picture.shape)
        for rows, columns in (
            (slice(top, top + line), slice(left, right)),
            (slice(max(0, bottom - line), bottom), slice(left, right)),
            (slice(top, bottom), slice(left, left + line)),
            (slice(top, bottom), slice(max(0, right - line), right)),
        ):
            rgb[rows, columns] = colour.astype(rgb.dtype)
        _draw_label(rgb, render_text(str(item.number), height), (top, left), colour)
    return picture.with_pixels(rgb, None)


def _draw_label(rgb: Pixels, text: Floats, corner: tuple[int, int], colour: Floats) -> None:
    """White text on the colour, at the corner of a frame."""
    top, left = corner
    area = rgb[top : top + text.shape[0], left : left + text.shape[1]]
    coverage = text[: area.shape[0], : area.shape[1], None]
    white = np.float32(BitDepth.of_pixels(rgb).peak)
    area[...] = np.rint(colour + coverage * (white - colour)).astype(rgb.dtype)
