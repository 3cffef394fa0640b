"""Blended pixels along the edges of flat artwork: which share of each is artwork.

From each pixel a climb leads, by steps to neighbours that lie on the same line in colour space but further from what is
below, to a colour that is not blended. Strokes too thin to show their ink anywhere take that of thicker ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.matting.flat_artwork import Backdrop
from mattebox.types import Floats, Mask, Picture

CLIMB_STEPS_PIXELS, COMPRESSED_CLIMB_PIXELS = 3, 5  # to a colour that is not blended; after JPEG compression
MIN_CLIMB = 4 / 255  # by which the next colour is further away
MAX_LINE_DISTANCE = 0.06  # of a blend from the line between both colours, relative to their distance
COMPRESSED_NOISE_FACTOR = 3  # of the ringing: weaker pixels are ringing, stronger ones may lie so far off the line
SOLID_LEVELS = 2.5 / 255  # by which the pixels of a solid area differ
COLOUR_DIRECTION_BINS = 24  # along each axis, by which inks are told apart
NEIGHBOURS = sorted(
    ((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx), key=lambda step: abs(step[0]) + abs(step[1])
)

Indices = NDArray[np.intp]


class EdgePixels:
    """The pixels within `width` of what lies below the artwork: ground, shadows and glows.

    Attributes
    ----------
    y, x : N
        Their positions.
    """

    def __init__(self, picture: Picture, backdrop: Backdrop, lower: Mask, width: int) -> None:
        self._picture, self._backdrop, self._lower = picture, backdrop, lower
        self.y, self.x = np.nonzero(dilate(lower, width) & ~lower)
        self._lower_y, self._lower_x = self._nearest_lower(width)
        self._base = backdrop.offsets(picture, self._lower_y, self._lower_x)
        self._own = backdrop.offsets(picture, self.y, self.x) - self._base

    def lower_values(self, plane: Floats) -> Floats:
        """Values of an H x W plane at the nearest pixel below each pixel, N."""
        return plane[self._lower_y, self._lower_x]

    def blend_shares(self) -> Floats:
        """Share of artwork in each pixel over what is below it, N, 0..1."""
        is_compressed = self._backdrop.tolerance > 0
        noise = self._backdrop.noise * (COMPRESSED_NOISE_FACTOR if is_compressed else 1)
        summit = self._replace_thin_summits(
            self._climb(noise, COMPRESSED_CLIMB_PIXELS if is_compressed else CLIMB_STEPS_PIXELS)
        )
        share = _length(self._own) / np.maximum(_length(summit), 1e-6)
        if is_compressed:
            share[np.abs(self._own).max(axis=1) <= noise] = 0
        clipped: Floats = share.clip(0, 1)
        return clipped

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

    def _climb(self, noise: float, steps: int) -> Floats:
        """Strongest colour, relative to what is below (N x 3), that a few steps from each pixel lead to."""
        at_y, at_x, here = self.y.copy(), self.x.copy(), self._own.copy()
        for _ in range(steps):
            best_y, best_x, best = at_y.copy(), at_x.copy(), here.copy()
            for dy, dx in NEIGHBOURS:
                y, x, inside = self._move(at_y, at_x, dy, dx)
                other = self._backdrop.offsets(self._picture, y, x) - self._base
                is_further = _length(other) > _length(best) + MIN_CLIMB
                on_line = _line_distance(self._own, other) <= MAX_LINE_DISTANCE * _length(other) + noise
                better = inside & ~self._lower[y, x] & is_further & on_line
                best_y[better], best_x[better], best[better] = y[better], x[better], other[better]
            at_y, at_x, here = best_y, best_x, best
        return here

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
            difference = np.abs(self._backdrop.offsets(self._picture, y, x) - colour).max(axis=1)
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
