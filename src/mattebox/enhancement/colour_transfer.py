"""The colours of one picture on another: their means and spreads in Lab, moved by a linear map.

Reinhard et al., Color transfer between images, 2001 (each axis by itself); Pitié & Kokaram, The linear
Monge-Kantorovitch colour mapping, 2007 (the least movement that turns one Gaussian into the other). Stretches
are limited, so that neither noise nor bands are blown up. Knows nothing of textures and strokes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement.lab import fit_to_gamut, lab_to_linear, linear_to_lab
from mattebox.enhancement.linear_light import (
    Float64Array,
    LightSample,
    apply_in_linear_light,
    colour_space_of,
    sample_light,
)
from mattebox.types import Floats, Picture, Pixels

MIN_STRETCH, MAX_STRETCH = 0.5, 2.0  # stretch along any direction


@dataclass(frozen=True, eq=False)
class ColourStatistics:
    """Mean and covariance in Lab."""

    mean: Float64Array
    covariance: Float64Array


@dataclass(frozen=True, eq=False)
class AffineColourMap:
    """Lab -> turn @ (Lab - before) + after."""

    matrix: Float64Array
    source_mean: Float64Array
    target_mean: Float64Array

    def __call__(self, lab: Floats) -> Floats:
        moved: Floats = ((lab - self.source_mean.astype(np.float32)) @ self.matrix.T.astype(np.float32)).astype(
            np.float32
        )
        return moved + self.target_mean.astype(np.float32)


def measure_colours(sample: LightSample) -> ColourStatistics:
    """What is seen of a picture; grey of middling spread when nothing is."""
    if sample.weights.sum() < 1:
        return ColourStatistics(np.array([50.0, 0, 0]), np.diag([400.0, 25, 25]))
    lab = linear_to_lab(sample.light, sample.space).astype(np.float64)
    share = (sample.weights / sample.weights.sum()).astype(np.float64)
    mean = share @ lab
    away = lab - mean
    return ColourStatistics(mean, (away * share[:, None]).T @ away + 0.5 * np.eye(3))


def reinhard_map(source: ColourStatistics, target: ColourStatistics) -> AffineColourMap:
    stretch = np.sqrt(np.diag(target.covariance) / np.diag(source.covariance))
    return AffineColourMap(np.diag(np.clip(stretch, MIN_STRETCH, MAX_STRETCH)), source.mean, target.mean)


def monge_kantorovich_map(source: ColourStatistics, target: ColourStatistics) -> AffineColourMap:
    root = _matrix_power(source.covariance, 0.5)
    back = _matrix_power(source.covariance, -0.5)
    turn = back @ _matrix_power(root @ target.covariance @ root, 0.5) @ back
    values, vectors = np.linalg.eigh(turn)
    return AffineColourMap((vectors * np.clip(values, MIN_STRETCH, MAX_STRETCH)) @ vectors.T, source.mean, target.mean)


MAP_BUILDERS = {"reinhard": reinhard_map, "monge": monge_kantorovich_map}


def transfer_colours(
    picture: Picture, style: Picture, method: str = "monge", strength: float = 1, where: Pixels | None = None
) -> Picture:
    """The picture with the style's colours; strength 0 is the picture itself."""
    if strength == 0:
        return picture
    found = MAP_BUILDERS[method](measure_colours(sample_light(picture, where)), measure_colours(sample_light(style)))
    return apply_colour_map(picture, found, strength, where)


def apply_colour_map(
    picture: Picture, colour_map: AffineColourMap, strength: float = 1, where: Pixels | None = None
) -> Picture:
    """The picture with a share of the map done to its colours, in Lab; light that does not fit is made to."""
    space = colour_space_of(picture)

    def work(linear: Floats, _: slice) -> Floats:
        lab = linear_to_lab(linear, space)
        lab += np.float32(strength) * (colour_map(lab) - lab)
        return fit_to_gamut(lab_to_linear(_compress_lightness(lab), space), space)

    return picture if strength == 0 else apply_in_linear_light(picture, work, 1, where)


def _compress_lightness(lab: Floats) -> Floats:
    """Lightness bent near black and white, so that what was moved past them keeps its texture."""
    lightness = lab[..., 0]
    high = 90 + 10 * np.tanh((lightness - 90) / 10)
    low = 6 + 6 * np.tanh((lightness - 6) / 6)
    lab[..., 0] = np.where(lightness > 90, high, np.where(lightness < 6, low, lightness))
    return lab


def _matrix_power(matrix: Float64Array, power: float) -> Float64Array:
    values, vectors = np.linalg.eigh(matrix)
    made: Float64Array = (vectors * np.maximum(values, 1e-6) ** power) @ vectors.T
    return made
