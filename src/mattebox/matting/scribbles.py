"""The user's marks on a photograph, as text: points, strokes and boxes in pixels or percent.

"30%,40%" is a point, "10,10/40,12/60,30" a stroke, "10%,10%:40%,90%" a box; spaces between several. This file knows
nothing of what is done with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import UsageError
from mattebox.types import Box, ImageShape

LENGTH_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(px|%)?")

Point = tuple[float, float]
"""How far right and how far down, 0..1 of the picture."""


@dataclass(frozen=True)
class Scribble:
    """A point, a stroke of several, or with `is_box` the two corners of a box."""

    points: tuple[Point, ...]
    is_box: bool = False

    def seed_mask(self, size: ImageShape) -> NDArray[np.bool_]:
        """The pixels under a point or a stroke, or inside a box, on a grid of that size."""
        height, width = size
        mask = np.zeros(size, np.bool_)
        x, y = np.array(self.points).T * [[width], [height]]
        columns, rows = (np.minimum(v.astype(int), most - 1) for v, most in ((x, width), (y, height)))
        if self.is_box:
            mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
            return mask
        mask[rows[0], columns[0]] = True
        for i in range(1, len(x)):
            n = int(max(abs(x[i] - x[i - 1]), abs(y[i] - y[i - 1]))) + 1
            part = np.linspace(0, 1, n + 1)
            mask[_line_indices(y, i, part, height), _line_indices(x, i, part, width)] = True
        return mask

    def to_crop(self, box: Box, size: ImageShape) -> Scribble:
        """The same mark in a part of a picture of that size. UsageError when it lies outside."""
        moved = tuple(
            ((x * size[1] - box[0]) / (box[2] - box[0]), (y * size[0] - box[1]) / (box[3] - box[1]))
            for x, y in self.points
        )
        if not all(0 <= v <= 1 for point in moved for v in point):
            raise UsageError("a mark lies outside the region", "widen the region, or leave the mark out")
        return Scribble(moved, self.is_box)


def parse_scribbles(text: str, size: ImageShape) -> tuple[Scribble, ...]:
    """Marks on a picture of that size; none for "none". UsageError."""
    return () if text in ("none", "") else tuple(_parse_scribble(word, size) for word in text.split())


def check_scribbles(text: str) -> None:
    """UsageError for what no picture could mend."""
    parse_scribbles(text, (1 << 30, 1 << 30))


def _parse_scribble(word: str, size: ImageShape) -> Scribble:
    box = ":" in word
    points = tuple(_parse_point(p, size, word) for p in re.split("[:/]", word))
    if box and ("/" in word or len(points) != 2):
        raise UsageError(f"{word!r} is no box", 'give two corners, such as "10%,10%:40%,90%"')
    return Scribble(points, box)


def _parse_point(text: str, size: ImageShape, word: str) -> Point:
    found = [LENGTH_PATTERN.fullmatch(v) for v in text.split(",")]
    if len(found) != 2 or None in found:
        raise UsageError(f"{word!r} is no point", 'give "X,Y", each in px or %, with spaces between several')
    shares = [float(m[1]) / (100 if m[2] == "%" else whole) for m, whole in zip(found, size[::-1], strict=True) if m]
    if max(shares) > 1:
        raise UsageError(f"{word!r} lies outside the picture, {size[1]} x {size[0]}", "stay inside it")
    return shares[0], shares[1]


def _line_indices(
    values: NDArray[np.float64], i: int, fractions: NDArray[np.float64], length: int
) -> NDArray[np.int64]:
    whole: NDArray[np.int64] = (values[i - 1] + fractions * (values[i] - values[i - 1])).astype(np.int64)
    return np.minimum(whole, length - 1)
