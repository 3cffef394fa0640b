"""The blur of a lens that follows depth: what lies in the plane of focus stays, all else spreads into the aperture.

The radius of a thin lens's circle of confusion is proportional to the difference of inverse depths (Potmesil and
Chakravarty 1981). The picture is split into levels of equal radius, which are blurred in linear light and laid over
each other from back to front; each level is blurred together with its coverage, so that nothing of what is hidden or
outside the frame bleeds in. Wide levels are blurred on reduced grids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from mattebox.core.block_means import enlarge_rows, mean_blocks
from mattebox.core.fft_convolution import convolve
from mattebox.core.strips import iter_strips
from mattebox.lens.aperture import aperture_kernel
from mattebox.types import Floats, Mask

SHARP_RADIUS_PIXELS = 0.5  # a smaller circle of confusion is in focus
MIN_GRID_RADIUS = 4.0  # of a kernel on a reduced grid, in its samples
STRIP_ROWS = 256
EMPTY_WEIGHT = 1 / 1024  # a level that weighs less everywhere is left out

Region: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Lens:
    """What the blur looks like.

    Attributes
    ----------
    radius : float
        Of the circle of confusion where the nearness differs by 1 from the focus, in pixels.
    focus : float
        Nearness in focus, 0..1.
    shape : str
        Of the aperture; see `aperture`.
    highlights : float
        How much brighter than the photograph says its brightest parts are taken to be, 0..1 (exclusive).
    """

    radius: float
    focus: float
    shape: str = "disc"
    highlights: float = 0.0


class BlurredLight(NamedTuple):
    """Light, (H, W, 3), and how much of each pixel is the untouched original, (H, W), 0..1."""

    light: Floats
    sharp_share: Floats


class _Level(NamedTuple):
    """Pixels of one radius of confusion, in pixels, and the share of each pixel that belongs to it."""

    radius: float
    weights: Floats


def blur_light(light: Floats, nearness: Floats, lens: Lens) -> BlurredLight:
    """Blur a picture without a subject in front of it.

    Parameters
    ----------
    light : (H, W, 3) float32
        Linear light, 0..1.
    nearness : (H, W) float32
        0 (farthest) to 1 (nearest).
    lens : Lens
        Its focus lies on the same scale as `nearness`.

    Returns
    -------
    BlurredLight
        Light where the share is 1 equals the input.
    """
    radii = (lens.focus - nearness) * np.float32(lens.radius)  # above 0: behind the plane of focus
    sharp = _triangle_weights(np.abs(radii), 0.0, 0.0, _level_radii(lens.radius)[0])
    layers = _OverlaidLevels(_boost_highlights(light, lens.highlights), lens.shape)
    for level in _levels(radii, lens.radius):
        layers.lay_over(level)
    layers.lay_over(_Level(0.0, sharp))
    np.negative(radii, out=radii)
    for level in _levels(radii, lens.radius, is_widest_first=False):
        sharp[layers.region(level)] *= 1 - layers.lay_over(level)
    return BlurredLight(_roll_off_highlights(layers.light(), lens.highlights), sharp)


def blur_layer(light: Floats, alpha: Floats, radius: float, lens: Lens) -> BlurredLight:
    """Blur a layer as a whole, such as a subject out of focus.

    Parameters
    ----------
    light : (H, W, 3) float32
        Linear light, straight.
    alpha : (H, W) float32
        Coverage, 0..1.
    radius : float
        Of its circle of confusion, in pixels.
    lens : Lens
        Shape and highlights.

    Returns
    -------
    BlurredLight
        Premultiplied light, and the layer's coverage in place of the share.
    """
    layers = _OverlaidLevels(_boost_highlights(light, lens.highlights), lens.shape)
    layers.lay_over(_Level(radius, alpha))
    coverage = layers.coverage
    return BlurredLight(_roll_off_highlights(layers.light(), lens.highlights) * coverage[..., None], coverage)


class _OverlaidLevels:
    """Premultiplied light and coverage of the levels so far."""

    def __init__(self, light: Floats, shape: str) -> None:
        self._source, self._shape = light, shape
        self._light = np.zeros_like(light)
        self.coverage: Floats = np.zeros(light.shape[:2], np.float32)

    def region(self, level: _Level) -> Region:
        """Rows and columns that a level reaches, on whole blocks of its grid."""
        kernel, factor = _grid_kernel(level, self._shape)
        margin = factor * (len(kernel) // 2 + 1)
        filled: Mask = level.weights > 0
        return _reach(filled.any(1), margin, factor), _reach(filled.any(0), margin, factor)

    def lay_over(self, level: _Level) -> Floats:
        """Lay a level over those behind it, and return its blurred coverage in its region."""
        rows, columns = self.region(level)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        samples, factor = self._blur_samples(level, (rows, columns))
        covered: Floats = np.zeros((height, width), np.float32)
        for strip in iter_strips(height):
            planes = enlarge_rows(samples, factor, width, strip)
            place = slice(rows.start + strip.start, rows.start + strip.stop), columns
            covered[strip] = planes[..., 3]
            behind = 1 - planes[..., 3]
            self._light[place] = self._light[place] * behind[..., None] + planes[..., :3]
            self.coverage[place] = self.coverage[place] * behind + planes[..., 3]
        return covered

    def light(self) -> Floats:
        """The light of all levels, where they cover the frame or not."""
        self._light /= np.maximum(self.coverage, np.float32(1e-6))[..., None]
        return self._light

    def _blur_samples(self, level: _Level, region: Region) -> tuple[Floats, int]:
        """Premultiplied light and coverage of a level after the blur, on its grid, and the grid's step in pixels."""
        kernel, factor = _grid_kernel(level, self._shape)
        light, weights = self._source[region], level.weights[region]
        strip_rows = factor * max(1, STRIP_ROWS // factor)
        means = [
            mean_blocks(_premultiply(light[top : top + strip_rows], weights[top : top + strip_rows]), factor)
            for top in range(0, len(weights), strip_rows)
        ]
        samples = np.concatenate(means) if means else np.zeros((0, 0, 4), np.float32)
        if level.radius <= SHARP_RADIUS_PIXELS or not samples.size:
            return samples, factor
        samples = convolve(samples, kernel)
        samples /= _frame_coverage(level.weights.shape, region, factor, kernel)[..., None]
        return samples, factor


def _premultiply(light: Floats, weights: Floats) -> Floats:
    planes: Floats = np.empty((*weights.shape, 4), np.float32)
    np.multiply(light, weights[..., None], out=planes[..., :3])
    planes[..., 3] = weights
    return planes


def _grid_kernel(level: _Level, shape: str) -> tuple[Floats, int]:
    """The aperture on a level's grid, and the grid's step in pixels."""
    factor = max(1, 2 ** int(np.log2(max(1.0, level.radius / MIN_GRID_RADIUS))))
    return aperture_kernel(shape, level.radius / factor), factor


def _reach(occupied: Any, margin: int, factor: int) -> slice:
    places = np.flatnonzero(occupied)
    if not places.size:
        return slice(0, 0)
    start = max(0, int(places[0]) - margin) // factor * factor
    return slice(start, min(len(occupied), int(places[-1]) + margin + 1))


def _level_radii(largest: float) -> list[float]:
    """Radii of the levels, in pixels: 1, 2, 3, 4, 6, 8, 12, 16 ... up to the largest."""
    radii, step = [1.0], 1.0
    while radii[-1] < largest:
        radii.append(radii[-1] + step)
        step = 2.0 ** max(0, int(np.log2(radii[-1])) - 1)
    return [*radii[:-1], max(1.0, largest)] if len(radii) > 1 else radii


def _levels(radii: Floats, largest: float, *, is_widest_first: bool = True) -> Iterator[_Level]:
    """Levels of the pixels with positive radii; a pixel between two levels belongs to both in part."""
    bounds, lowest, highest = [0.0, *_level_radii(largest)], float(radii.min()), float(radii.max())
    indices = range(1, len(bounds))
    for index in reversed(indices) if is_widest_first else indices:
        following = bounds[index + 1] if index + 1 < len(bounds) else None
        if highest <= bounds[index - 1] or (following is not None and lowest >= following):
            continue
        weights = _triangle_weights(radii, bounds[index - 1], bounds[index], following)
        if weights.max() > EMPTY_WEIGHT:
            yield _Level(bounds[index], weights)


def _triangle_weights(radii: Floats, before: float, middle: float, following: float | None) -> Floats:
    """1 at `middle`, 0 at its neighbours; the smallest level begins where a pixel is no longer sharp."""
    first = SHARP_RADIUS_PIXELS
    rising = np.ones_like(radii) if middle == before else (radii - max(before, first)) / (middle - max(before, first))
    if following is None:
        falling = np.ones_like(radii)
    else:
        start = max(middle, first)
        falling = (following - radii) / (following - start)
    weights: Floats = np.clip(np.minimum(rising, falling), 0, 1).astype(np.float32)
    return weights


def _frame_coverage(frame: tuple[int, ...], region: Region, factor: int, kernel: Floats) -> Floats:
    """Share of the kernel that lies inside the frame, for each sample of a part of it."""
    reach = len(kernel) // 2

    def inside(part: slice, length: int) -> Floats:
        samples = -(-(part.stop - part.start) // factor)
        positions = np.arange(-reach, samples + reach) * factor + part.start
        is_inside: Mask = (positions >= 0) & (positions < length)
        return is_inside.astype(np.float32)

    window = inside(region[0], frame[0])[:, None] * inside(region[1], frame[1])[None, :]
    covered: Floats = convolve(window[..., None], kernel)[reach : -reach or None, reach : -reach or None, 0]
    return cast("Floats", np.maximum(covered, np.float32(1e-3)))


def _boost_highlights(light: Floats, strength: float) -> Floats:
    """Undo the shoulder of a camera's tone curve, of which `strength` tells how strong it is, 0..1 (exclusive)."""
    if strength == 0:
        return light
    boosted: Floats = light / (1 - np.float32(strength) * np.clip(light, 0, 1))
    return boosted


def _roll_off_highlights(light: Floats, strength: float) -> Floats:
    """The inverse of `_boost_highlights`."""
    if strength == 0:
        return light
    rolled: Floats = light / (1 + np.float32(strength) * light)
    return rolled
