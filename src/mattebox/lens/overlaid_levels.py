"""Levels of equal blur, laid over each other from back to front.

Each level is blurred together with its coverage, so that nothing of what is hidden or outside the frame bleeds in. Wide
ones are blurred on reduced grids. Planes lie one behind the other in memory, (C, H, W): several times as quick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from mattebox.core.block_means import enlarge_rows, mean_blocks
from mattebox.core.cpu_threads import parallel_map
from mattebox.core.strips import iter_strips
from mattebox.lens.aperture import aperture_kernel
from mattebox.lens.aperture_blur import Grid, Region, blur_by_aperture
from mattebox.types import Floats, ImageShape, Mask, Pixels

SHARP_RADIUS_PIXELS = 0.5  # a smaller circle of confusion is in focus
MIN_GRID_RADIUS = 4.0  # of a kernel on a reduced grid, in its samples
FILL_MARGIN_PIXELS = 64  # around what is hidden, from which it is filled
STRIP_ROWS = 256  # that are put on a reduced grid at a time

GetLight: TypeAlias = Callable[[Region], Floats]
"""Linear light of a region, (3, h, w) float32: so that it need not all be in memory."""

FillUnknown: TypeAlias = Callable[[Floats, Floats], None]
"""Fills planes in place by weights, as `hole_filling.fill_unknown` does."""


class Level(NamedTuple):
    """Pixels of one radius of confusion.

    Attributes
    ----------
    radius : float
        In pixels.
    weigh : callable
        The share of each pixel of a region that belongs to the level, 0..1.
    has_rows, has_columns : (H,) and (W,) bool
        Which rows and columns have any.
    """

    radius: float
    weigh: Callable[[Region], Floats]
    has_rows: Mask
    has_columns: Mask


def level_of_weights(radius: float, weights: Floats | Pixels) -> Level:
    """A level whose pixels' shares are known, (H, W): 0..1, or whole numbers up to their peak."""
    is_filled: Any = weights > 0
    return Level(radius, lambda region: as_shares(weights[region]), is_filled.any(1), is_filled.any(0))


def as_shares(weights: Floats | Pixels) -> Floats:
    """Float32 as it is; whole numbers from 0 to their dtype's peak as shares 0..1."""
    if weights.dtype == np.float32:
        return cast("Floats", weights)
    whole = cast("Pixels", weights)
    shares: Floats = whole.astype(np.float32) / np.float32(np.iinfo(whole.dtype).max)
    return shares


class OverlaidLevels:
    """Premultiplied light and coverage of the levels so far.

    `get_light` gives the light of the picture, whose size is `frame`; `shape` is that of the aperture; `highlights` as
    in `Lens`.
    """

    def __init__(self, get_light: GetLight, frame: ImageShape, shape: str, highlights: float) -> None:
        self._get_light, self._shape, self._highlights = get_light, shape, np.float32(highlights)
        self._light: Floats = np.zeros((3, *frame), np.float32)
        self.coverage: Floats = np.zeros(frame, np.float32)

    def lay_over(self, level: Level, uncovered: Floats | None = None) -> None:
        """Lay a level over those behind it; `uncovered`, (H, W), is reduced by what it covers."""
        rows, columns = self._region(level)
        samples, factor = self._blur_samples(level, (rows, columns))
        if not samples.size:
            return

        def lay_strip(strip: slice) -> None:
            planes = enlarge_rows(samples, factor, columns.stop - columns.start, strip)
            place = slice(rows.start + strip.start, rows.start + strip.stop), columns
            behind = 1 - planes[3]
            light, coverage = self._light[:, *place], self.coverage[place]
            light *= behind
            light += planes[:3]
            coverage *= behind
            coverage += planes[3]
            if uncovered is not None:
                uncovered[place] *= behind

        parallel_map(lay_strip, list(iter_strips(rows.stop - rows.start)))

    def fill_hidden(self, target: Floats, fill: FillUnknown) -> None:
        """Raise the coverage so far to `target`, (H, W), where it is lower, by light that `fill` takes from around."""
        is_hidden: Any = target > self.coverage
        if not is_hidden.any():
            return
        rows, columns = (_reach(is_hidden.any(axis), FILL_MARGIN_PIXELS, 1) for axis in (1, 0))
        light, coverage = self._light[:, rows, columns], self.coverage[rows, columns]
        filled: Floats = (light / np.maximum(coverage, np.float32(1e-6))).astype(np.float32, copy=False)
        fill(filled, np.clip(coverage, 0, 1).astype(np.float32))
        missing = np.maximum(target[rows, columns] - coverage, 0)
        filled *= missing
        light += filled
        coverage += missing

    def light(self) -> Floats:
        """The light of all levels, (3, H, W), where they cover the frame or not, with highlights as they were."""

        def finish(rows: slice) -> None:
            light = self._light[:, rows]
            light /= np.maximum(self.coverage[rows], np.float32(1e-6))
            _roll_off_highlights(light, self._highlights)

        parallel_map(finish, list(iter_strips(self.coverage.shape[0])))
        return self._light

    def _region(self, level: Level) -> Region:
        """Rows and columns that a level reaches, on whole blocks of its grid."""
        factor = _grid_factor(level)
        margin = factor * (len(aperture_kernel(self._shape, level.radius / factor)) // 2 + 1)
        return _reach(level.has_rows, margin, factor), _reach(level.has_columns, margin, factor)

    def _blur_samples(self, level: Level, region: Region) -> tuple[Floats, int]:
        """Premultiplied light and coverage of a level after the blur, on its grid, and the grid's step in pixels."""
        factor = _grid_factor(level)
        rows, columns = region
        height = factor * max(1, STRIP_ROWS // factor)
        strips = [slice(top, min(top + height, rows.stop)) for top in range(rows.start, rows.stop, height)]
        parts = parallel_map(lambda strip: mean_blocks(self._premultiply(level, (strip, columns)), factor), strips)
        samples = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0, 0), np.float32)
        if level.radius <= SHARP_RADIUS_PIXELS or not samples.size:
            return samples, factor
        grid = Grid((len(self.coverage), self.coverage.shape[1]), region, factor)
        return blur_by_aperture(samples, self._shape, level.radius / factor, grid), factor

    def _premultiply(self, level: Level, region: Region) -> Floats:
        weights, source = level.weigh(region), self._get_light(region)
        planes: Floats = np.empty((4, *weights.shape), np.float32)
        planes[3] = weights
        if self._highlights:  # the shoulder of a camera's tone curve is undone
            np.clip(source, 0, 1, out=planes[:3])
            planes[:3] *= -self._highlights
            planes[:3] += 1
            np.divide(source, planes[:3], out=planes[:3])
            planes[:3] *= weights
        else:
            np.multiply(source, weights, out=planes[:3])
        return planes


def _grid_factor(level: Level) -> int:
    """The step of a level's grid in pixels."""
    return 1 << max(0, int(np.log2(max(1.0, level.radius / MIN_GRID_RADIUS))))


def _reach(has_any: Mask, margin: int, factor: int) -> slice:
    places = np.flatnonzero(has_any)
    if not places.size:
        return slice(0, 0)
    start = max(0, int(places[0]) - margin) // factor * factor
    return slice(start, min(len(has_any), int(places[-1]) + margin + 1))


def _roll_off_highlights(light: Floats, strength: np.float32) -> None:
    """The camera's shoulder again, in place: the inverse of what `_premultiply` undoes."""
    if strength:
        light /= 1 + strength * light
