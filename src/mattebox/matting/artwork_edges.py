"""Blended pixels along the edges of flat artwork: which share of each is artwork.

From each pixel a climb leads, by steps to neighbours that lie on the same line in colour space but further from what is
below, to a colour that is not blended. Strokes too thin to show their ink anywhere take that of thicker ones.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.matting.flat_artwork import Backdrop
from mattebox.types import Floats, Mask, Picture

CLIMB_STEPS_PIXELS = 3  # to a colour that is not blended
EDGE_WIDTH_PIXELS = 2  # in which artwork blends with what is below it
MIN_CLIMB = 4 / 255  # by which the next colour is further away
MAX_LINE_DISTANCE = 0.06  # of a blend from the line between both colours, relative to their distance
SOLID_LEVELS = 2.5 / 255  # by which the pixels of a solid area differ
COLOUR_DIRECTION_BINS = 24  # along each axis, by which inks are told apart
NEIGHBOURS = sorted(
    ((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx), key=lambda step: abs(step[0]) + abs(step[1])
)

Indices = NDArray[np.intp]


class EdgePixels:
    """The pixels within two steps of what lies below the artwork: ground, shadows and glows.

    Attributes
    ----------
    y, x : N
        Their positions.
    """

    width, climb_steps = EDGE_WIDTH_PIXELS, CLIMB_STEPS_PIXELS

    def __init__(self, picture: Picture, backdrop: Backdrop, lower: Mask) -> None:
        self._picture, self._backdrop, self._lower, width = picture, backdrop, lower, self.width
        self.y, self.x = np.nonzero(dilate(lower, width) & ~lower)
        self._lower_y, self._lower_x = self._nearest_lower(width)
        self._base = self._offsets(self._lower_y, self._lower_x)
        self._own = self._offsets(self.y, self.x) - self._base

    def lower_values(self, plane: Floats) -> Floats:
        """Values of an H x W plane at the nearest pixel below each pixel, N."""
        return plane[self._lower_y, self._lower_x]

    def blend_shares(self) -> Floats:
        """Share of artwork in each pixel over what is below it, N, 0..1."""
        share: Floats = (_length(self._own) / np.maximum(_length(self._summits), 1e-6)).clip(0, 1)
        return share

    @cached_property
    def _summits(self) -> Floats:
        """Colour of the artwork at each pixel where it is not blended, relative to what is below, N x 3."""
        return self._replace_thin_summits(self._climb()[0])

    def _offsets(self, y: Indices, x: Indices) -> Floats:
        """Colours at N positions relative to the backdrop, N x 3."""
        return self._backdrop.offsets(self._picture, y, x)

    def _is_on_line(self, other: Floats) -> Mask:
        """Whether each pixel can be a blend of what is below and of another colour, N x 3."""
        return np.asarray(_line_distance(self._own, other) <= MAX_LINE_DISTANCE * _length(other) + self._backdrop.noise)

    def _nearest_lower(self, width: int) -> tuple[Indices, Indices]:
        """Position of the nearest pixel below each pixel, in steps along rows, columns and diagonals."""
        lower_y, lower_x, found = self.y.copy(), self.x.copy(), np.zeros(len(self.y), np.bool_)
        for reach in range(1, width + 1):
            for dy, dx in NEIGHBOURS:
                y, x, inside = self._move(self.y, self.x, dy * reach, dx * reach)
                hit = inside & self._lower[y, x] & ~found
                lower_y[hit], lower_x[hit] = y[hit], x[hit]
                found |= hit
        rest = np.flatnonzero(~found)
        for dy, dx in [(dy, dx) for dy in range(-width, width + 1) for dx in range(-width, width + 1)]:
            y, x, inside = self._move(self.y[rest], self.x[rest], dy, dx)
            hit = inside & self._lower[y, x]
            lower_y[rest[hit]], lower_x[rest[hit]] = y[hit], x[hit]
        return lower_y, lower_x

    def _climb(self) -> tuple[Floats, Indices, Indices]:
        """Strongest colour, relative to what is below (N x 3), that a few steps from each pixel lead to, and where it
        is (y and x, N)."""
        at_y, at_x, here = self.y.copy(), self.x.copy(), self._own.copy()
        for _ in range(self.climb_steps):
            best_y, best_x, best = at_y.copy(), at_x.copy(), here.copy()
            for dy, dx in NEIGHBOURS:
                y, x, inside = self._move(at_y, at_x, dy, dx)
                other = self._offsets(y, x) - self._base
                is_further = _length(other) > _length(best) + MIN_CLIMB
                better = inside & ~self._lower[y, x] & is_further & self._is_on_line(other)
                best_y[better], best_x[better], best[better] = y[better], x[better], other[better]
            at_y, at_x, here = best_y, best_x, best
        return here, at_y, at_x

    def _replace_thin_summits(self, summit: Floats) -> Floats:
        """Summits on strokes that are nowhere solid, replaced by the strongest one of their direction of colour."""
        length = _length(summit)
        direction = np.rint(summit / np.maximum(length, 1e-6)[:, None] * COLOUR_DIRECTION_BINS).astype(np.int64)
        _, ink = np.unique(direction, axis=0, return_inverse=True)
        ink = ink.reshape(-1)
        strongest = np.zeros(ink.max() + 1, np.float32)
        np.maximum.at(strongest, ink, length)
        is_thin = ~self._is_near_solid(summit + self._base) & ~self._base.any(axis=1)
        factor = np.where(is_thin, strongest[ink] / np.maximum(length, 1e-6), 1)
        return np.asarray(summit * factor[:, None], np.float32)

    def _is_near_solid(self, colour: Floats) -> Mask:
        """Whether near each pixel four pixels in a square have its colour (N x 3)."""
        reach = CLIMB_STEPS_PIXELS + 1
        offsets = range(-reach, reach + 1)
        equal = {}
        for dy, dx in [(dy, dx) for dy in offsets for dx in offsets]:
            y, x, inside = self._move(self.y, self.x, dy, dx)
            difference = np.abs(self._offsets(y, x) - colour).max(axis=1)
            equal[dy, dx] = inside & (difference < SOLID_LEVELS)
        found = np.zeros(len(self.y), np.bool_)
        for dy, dx in [(dy, dx) for dy in offsets[:-1] for dx in offsets[:-1]]:
            found |= equal[dy, dx] & equal[dy + 1, dx] & equal[dy, dx + 1] & equal[dy + 1, dx + 1]
        return found

    def _move(self, y: Indices, x: Indices, dy: int, dx: int) -> tuple[Indices, Indices, Mask]:
        """Positions moved by a step and clipped to the picture, and whether they lay inside."""
        height, width = self._lower.shape
        moved_y, moved_x = (y + dy).clip(0, height - 1), (x + dx).clip(0, width - 1)
        return moved_y, moved_x, (moved_y == y + dy) & (moved_x == x + dx)


def _length(vectors: Floats) -> NDArray[Any]:
    length: NDArray[Any] = np.sqrt((vectors * vectors).sum(axis=1))
    return length


def _line_distance(point: Floats, end: Floats) -> NDArray[Any]:
    """Distance of points N x 3 from the lines through the origin and `end`."""
    share = (point * end).sum(axis=1) / np.maximum((end * end).sum(axis=1), 1e-9)
    return _length(point - share[:, None] * end)
