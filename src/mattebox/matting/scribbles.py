"""Scribbles on a picture, as users write them: points, strokes and rectangles in pixels or percent.

"30%,40%" is a point, "10,10/40,12/60,30" a stroke, "10%,10%:40%,90%" a rectangle; spaces separate several.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mattebox.core.length import parse_length
from mattebox.errors import UsageError
from mattebox.types import Box, ImageShape, Mask

ANY_SIZE: ImageShape = (1 << 30, 1 << 30)  # stands for the size of a picture that is not known yet

RelativePoint = tuple[float, float]
"""Position from the left and from the top, 0..1 of the picture."""


@dataclass(frozen=True)
class Scribble(ABC):
    """Points that the user marked on a picture: a `Stroke` or a `Rectangle`."""

    points: tuple[RelativePoint, ...]

    @abstractmethod
    def seed_mask(self, size: ImageShape) -> Mask:
        """The pixels under the scribble, on a grid of that (height, width)."""

    def to_crop(self, box: Box, size: ImageShape) -> Self:
        """The scribble in the coordinates of a crop of a picture of that (height, width). UsageError when it lies
        outside."""
        left, top, right, bottom = box
        points = tuple(
            ((x * size[1] - left) / (right - left), (y * size[0] - top) / (bottom - top)) for x, y in self.points
        )
        if not all(0 <= v <= 1 for point in points for v in point):
            raise UsageError("a mark lies outside the region", "widen the region, or leave the mark out")
        return replace(self, points=points)

    def _pixel_positions(self, size: ImageShape) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x and y of the points in pixels."""
        x, y = np.array(self.points).T * [[size[1]], [size[0]]]
        return x, y


@dataclass(frozen=True)
class Stroke(Scribble):
    """A line through one or more points; a single one is a click."""

    def seed_mask(self, size: ImageShape) -> Mask:
        """The pixels under the line."""
        mask = np.zeros(size, np.bool_)
        x, y = self._pixel_positions(size)
        mask[_pixel_index(y[0], size[0]), _pixel_index(x[0], size[1])] = True
        for i in range(1, len(x)):
            count = int(max(abs(x[i] - x[i - 1]), abs(y[i] - y[i - 1]))) + 1
            fractions = np.linspace(0, 1, count + 1)
            rows, columns = (v[i - 1] + fractions * (v[i] - v[i - 1]) for v in (y, x))
            mask[_pixel_index(rows, size[0]), _pixel_index(columns, size[1])] = True
        return mask


@dataclass(frozen=True)
class Rectangle(Scribble):
    """A box, by two opposite corners."""

    @property
    def corners(self) -> tuple[RelativePoint, RelativePoint]:
        """The upper left and the lower right corner."""
        (x, y), (x2, y2) = self.points
        return (min(x, x2), min(y, y2)), (max(x, x2), max(y, y2))

    def contains(self, point: RelativePoint) -> bool:
        """Whether a point lies inside, or on the edge."""
        (left, top), (right, bottom) = self.corners
        return left <= point[0] <= right and top <= point[1] <= bottom

    def seed_mask(self, size: ImageShape) -> Mask:
        """The pixels inside."""
        mask = np.zeros(size, np.bool_)
        x, y = self._pixel_positions(size)
        rows, columns = _pixel_index(y, size[0]), _pixel_index(x, size[1])
        mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        return mask


def split_scribbles(scribbles: Iterable[Scribble]) -> tuple[list[Stroke], list[Rectangle]]:
    """The strokes and the rectangles, each in their order."""
    scribbles = list(scribbles)
    strokes = [s for s in scribbles if isinstance(s, Stroke)]
    return strokes, [s for s in scribbles if isinstance(s, Rectangle)]


def parse_scribbles(text: str, size: ImageShape) -> tuple[Scribble, ...]:
    """Parse the scribbles on a picture.

    Parameters
    ----------
    text : str
        Points, strokes and rectangles separated by spaces; "none" or "" for none.
    size : ImageShape
        The picture's (height, width).

    Returns
    -------
    tuple of Scribble
        In their order.

    Raises
    ------
    UsageError
        When the text makes no sense, or a point lies outside the picture.
    """
    return () if text in ("none", "") else tuple(_parse_scribble(word, size) for word in text.split())


def check_scribbles(text: str) -> None:
    """UsageError for a text that makes no sense for a picture of any size."""
    parse_scribbles(text, ANY_SIZE)


def _parse_scribble(word: str, size: ImageShape) -> Scribble:
    points = tuple(_parse_point(p, size, word) for p in re.split("[:/]", word))
    if ":" not in word:
        return Stroke(points)
    if "/" in word or len(points) != 2:
        raise UsageError(f"{word!r} is not a box", 'give two corners, such as "10%,10%:40%,90%"')
    return Rectangle(points)


def _parse_point(text: str, size: ImageShape, word: str) -> RelativePoint:
    lengths = [parse_length(v) for v in text.split(",")]
    if len(lengths) != 2 or None in lengths:
        raise UsageError(f"{word!r} is not a point", 'give "X,Y", each in px or %, with spaces between several')
    x, y = (length.as_share(side) for length, side in zip(lengths, size[::-1], strict=True) if length)
    if max(x, y) > 1:
        known_size = "" if size == ANY_SIZE else f", {size[1]} x {size[0]}"
        raise UsageError(f"{word!r} lies outside the picture{known_size}", "stay inside it")
    return x, y


def _pixel_index(positions: NDArray[np.float64], length: int) -> NDArray[np.int64]:
    """Index of the pixel under each position along a side of so many pixels."""
    return np.minimum(np.asarray(positions).astype(np.int64), length - 1)
