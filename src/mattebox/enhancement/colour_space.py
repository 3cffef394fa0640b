"""Conversion of pixels to linear light and back, through the picture's own ICC profile.

Profiles without tone curves and primaries (tables only) are treated as sRGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mattebox.io import icc_matrix_shaper
from mattebox.types import BitDepth, Floats, Picture, Pixels

ENCODE_TABLE_STEPS = (1 << 17) - 1  # even steps of the square root of light, which are finer in the dark

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """An RGB colour space: tone curves and primaries."""

    matrix_shaper: icc_matrix_shaper.MatrixShaper

    @property
    def rgb_to_xyz(self) -> Float64Array:
        """3 x 3: linear RGB -> XYZ under D50."""
        return self.matrix_shaper.matrix

    @property
    def luminance_weights(self) -> Floats:
        """The weights of linear red, green and blue in luminance; their sum is 1."""
        return np.asarray(self.rgb_to_xyz[1] / self.rgb_to_xyz[1].sum(), np.float32)

    def decode(self, pixels: Pixels) -> Floats:
        """Encoded pixels (... x 3, uint8 or uint16) -> linear light 0..1."""
        tables = _decode_table(self, BitDepth.of_pixels(pixels))
        light = np.empty(pixels.shape, np.float32)
        for i in range(3):
            light[..., i] = tables[i][pixels[..., i]]
        return light

    def encode(self, light: Floats, depth: BitDepth) -> Pixels:
        """Linear light (... x 3) -> encoded pixels at a depth; light outside 0..1 is clipped."""
        position = np.sqrt(np.clip(light, 0, 1))
        position *= np.float32(ENCODE_TABLE_STEPS)
        position += np.float32(0.5)
        index, tables = position.astype(np.int32), _encode_table(self, depth)
        pixels = np.empty(light.shape, depth.dtype)
        for i in range(3):
            pixels[..., i] = tables[i][index[..., i]]
        return pixels


def colour_space_of(picture: Picture) -> ColourSpace:
    """The picture's own colour space; sRGB where its profile has no curves and primaries."""
    return _colour_space(picture.profile)


def srgb_colour_space() -> ColourSpace:
    """The colour space of a picture without a profile."""
    return _colour_space(None)


@lru_cache(maxsize=16)
def _colour_space(profile: bytes | None) -> ColourSpace:
    return ColourSpace(icc_matrix_shaper.read_matrix_shaper(profile) or icc_matrix_shaper.srgb_matrix_shaper())


@lru_cache(maxsize=8)
def _decode_table(space: ColourSpace, depth: BitDepth) -> Floats:
    """3 x (peak + 1): the light of each encoded value."""
    values, samples = np.linspace(0, 1, depth.peak + 1), np.linspace(0, 1, icc_matrix_shaper.CURVE_SAMPLES)
    return np.stack([np.interp(values, samples, curve) for curve in space.matrix_shaper.tone_curves]).astype(np.float32)


@lru_cache(maxsize=8)
def _encode_table(space: ColourSpace, depth: BitDepth) -> Pixels:
    """3 x (`ENCODE_TABLE_STEPS` + 1): the encoded value at each step of the square root of light."""
    light, samples = np.linspace(0, 1, ENCODE_TABLE_STEPS + 1) ** 2, np.linspace(0, 1, icc_matrix_shaper.CURVE_SAMPLES)
    values = np.stack([np.interp(light, curve, samples) for curve in space.matrix_shaper.tone_curves])
    table: Pixels = np.rint(values * depth.peak).astype(depth.dtype)
    return table
