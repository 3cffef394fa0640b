"""Pixels as light and back: through the picture's own profile where it has curves and primaries, as sRGB where not.

Every room that works in light goes through here, strip by strip, so that memory stays that of the result. What a room
makes is mixed with the picture by its strength, and only where it may work. Knows nothing of any effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mattebox.io import icc_matrix_shaper
from mattebox.types import BitDepth, Floats, Picture, Pixels

STRIP_ROWS = 64  # rows at a time
ENCODE_TABLE_STEPS = (1 << 17) - 1  # steps of the table from light to encoded values, even in its square root
SAMPLE_SIDE_PIXELS = 384  # longer side on which a picture is judged, about

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """Where a picture's numbers live: `rgb_to_xyz` takes its linear RGB to XYZ under D50, `luminance_weights` to luminance."""

    matrix_shaper: icc_matrix_shaper.MatrixShaper

    @property
    def rgb_to_xyz(self) -> Float64Array:
        return self.matrix_shaper.matrix

    @property
    def luminance_weights(self) -> Floats:
        """What red, green and blue add to luminance; their sum is 1."""
        return np.asarray(self.rgb_to_xyz[1] / self.rgb_to_xyz[1].sum(), np.float32)

    def decode(self, pixels: Pixels) -> Floats:
        """Whole numbers (... x 3) -> linear light, 0 to 1."""
        tables = _decode_table(self, BitDepth.of_pixels(pixels))
        made = np.empty(pixels.shape, np.float32)
        for i in range(3):
            made[..., i] = tables[i][pixels[..., i]]
        return made

    def encode(self, light: Floats, depth: BitDepth) -> Pixels:
        """Linear light (... x 3) -> whole numbers at a depth; what lies outside 0 to 1 is clipped."""
        place = np.sqrt(np.clip(light, 0, 1))
        place *= np.float32(ENCODE_TABLE_STEPS)
        place += np.float32(0.5)
        index, tables = place.astype(np.int32), _encode_table(self, depth)
        made = np.empty(light.shape, depth.dtype)
        for i in range(3):
            made[..., i] = tables[i][index[..., i]]
        return made


def colour_space_of(picture: Picture) -> ColourSpace:
    """The picture's own space; sRGB's when its profile has no curves and primaries to be read."""
    return _colour_space(picture.profile)


@lru_cache(maxsize=16)
def _colour_space(profile: bytes | None) -> ColourSpace:
    return ColourSpace(icc_matrix_shaper.read_matrix_shaper(profile) or icc_matrix_shaper.srgb_matrix_shaper())


def iter_strips(height: int) -> Iterator[slice]:
    return (slice(top, min(top + STRIP_ROWS, height)) for top in range(0, height, STRIP_ROWS))


def apply_in_linear_light(
    picture: Picture,
    transform: Callable[[Floats, slice], Floats],
    strength: float = 1,
    where: Pixels | None = None,
) -> Picture:
    """The picture with `transform` (linear light of some rows -> light) done to every strip, mixed in by `strength` (0..1)
    and by the plane `where` (peak = wholly). Strength 0 returns the picture itself; pixels that `where` leaves out
    keep their values bit for bit."""
    if strength == 0 or (where is not None and not where.any()):
        return picture
    space, depth = colour_space_of(picture), picture.bit_depth
    rgb = np.empty_like(picture.rgb)
    for rows in iter_strips(len(rgb)):
        source = picture.rgb[rows]
        made = space.encode(transform(space.decode(source), rows), depth)
        rgb[rows] = mix_with_source(source, made, strength, None if where is None else where[rows])
    return picture.with_pixels(rgb, picture.alpha)


def mix_with_source(source: Pixels, result: Pixels, strength: float, where: Pixels | None) -> Pixels:
    """From the source to what was made of it, by a strength and a plane (peak = wholly)."""
    if strength == 1 and where is None:
        return result
    share: Floats | np.float32 = np.float32(strength)
    if where is not None:
        share = (where.astype(np.float32) * (np.float32(strength) / np.float32(BitDepth.of_pixels(where).peak)))[
            ..., None
        ]
    between = source + (result.astype(np.float32) - source) * share
    whole: Pixels = np.rint(between).astype(source.dtype)
    return whole


@dataclass(frozen=True, eq=False)
class LightSample:
    """A small picture to judge by: `light` n x 3 linear, each pixel's share in `weights` (n), and the same as a grid:
    `grid` h x w x 3 of which `grid_weights` h x w counts."""

    grid: Floats
    grid_weights: Floats
    space: ColourSpace

    @property
    def light(self) -> Floats:
        return self.grid.reshape(-1, 3)

    @property
    def weights(self) -> Floats:
        return self.grid_weights.reshape(-1)


def sample_light(picture: Picture, where: Pixels | None = None, side: int = SAMPLE_SIDE_PIXELS) -> LightSample:
    """Every so many pixels of what the picture shows, and `where` it counts."""
    step = max(1, round(max(picture.shape) / side))
    pick = (slice(step // 2, None, step), slice(step // 2, None, step))
    if min(picture.shape) <= step // 2:
        pick = (slice(0, 1), slice(0, 1))
    space = colour_space_of(picture)
    seen = np.ones(picture.rgb[pick].shape[:2], np.float32)
    for plane in (picture.alpha, where):
        if plane is not None:
            seen *= plane[pick].astype(np.float32) / np.float32(BitDepth.of_pixels(plane).peak)
    return LightSample(space.decode(np.ascontiguousarray(picture.rgb[pick])), seen, space)


@lru_cache(maxsize=8)
def _decode_table(space: ColourSpace, depth: BitDepth) -> Floats:
    """3 x (peak + 1): the light of each whole number."""
    x, steps = np.linspace(0, 1, depth.peak + 1), np.linspace(0, 1, icc_matrix_shaper.CURVE_SAMPLES)
    return np.stack([np.interp(x, steps, curve) for curve in space.matrix_shaper.tone_curves]).astype(np.float32)


@lru_cache(maxsize=8)
def _encode_table(space: ColourSpace, depth: BitDepth) -> Pixels:
    """3 x (FINE + 1): the whole number of each light, over even steps of its square root."""
    light, steps = np.linspace(0, 1, ENCODE_TABLE_STEPS + 1) ** 2, np.linspace(0, 1, icc_matrix_shaper.CURVE_SAMPLES)
    values = np.stack([np.interp(light, curve, steps) for curve in space.matrix_shaper.tone_curves])
    whole: Pixels = np.rint(values * depth.peak).astype(depth.dtype)
    return whole
