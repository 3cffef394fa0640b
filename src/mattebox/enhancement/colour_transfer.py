"""Colour transfer: the mean and covariance of one picture's colours, in Lab, moved to those of another.

Reinhard et al., Color transfer between images, 2001 (each axis by itself); Pitié & Kokaram, The linear
Monge-Kantorovitch linear colour mapping, 2007 (the least movement that turns one Gaussian into the other). Stretches
are limited, so that neither noise nor banding is amplified. Skin keeps its hue and takes on only some of the new
lightness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement.colour_space import Float64Array, colour_space_of
from mattebox.enhancement.gamut import fit_to_gamut
from mattebox.enhancement.lab import lab_to_linear, linear_to_lab
from mattebox.enhancement.light_sample import LightSample, sample_light
from mattebox.enhancement.linear_light import apply_in_linear_light
from mattebox.enhancement.skin_map import SkinMap, map_skin
from mattebox.types import Floats, Picture, Pixels

MIN_STRETCH, MAX_STRETCH = 0.5, 2.0  # along any direction
SKIN_PROTECTION_SHARES = np.array([0.4, 0.9, 0.9], np.float32)  # of L, a and b, from whose change skin is spared


@dataclass(frozen=True, eq=False)
class ColourStatistics:
    """Mean and covariance of colours in Lab."""

    mean: Float64Array
    covariance: Float64Array


@dataclass(frozen=True, eq=False)
class AffineColourMap:
    """The map Lab -> `matrix` @ (Lab - `source_mean`) + `target_mean`."""

    matrix: Float64Array
    source_mean: Float64Array
    target_mean: Float64Array

    def __call__(self, lab: Floats) -> Floats:
        centred: Floats = ((lab - self.source_mean.astype(np.float32)) @ self.matrix.T.astype(np.float32)).astype(
            np.float32
        )
        return centred + self.target_mean.astype(np.float32)


def measure_colours(sample: LightSample) -> ColourStatistics:
    """Colour statistics of the visible pixels; those of a middle grey when there are none."""
    if sample.weights.sum() < 1:
        return ColourStatistics(np.array([50.0, 0, 0]), np.diag([400.0, 25, 25]))
    lab = linear_to_lab(sample.light, sample.space).astype(np.float64)
    share = (sample.weights / sample.weights.sum()).astype(np.float64)
    mean = share @ lab
    centred = lab - mean
    return ColourStatistics(mean, (centred * share[:, None]).T @ centred + 0.5 * np.eye(3))


def reinhard_map(source: ColourStatistics, target: ColourStatistics) -> AffineColourMap:
    """The map of Reinhard et al.: means and deviations of each axis."""
    stretch = np.sqrt(np.diag(target.covariance) / np.diag(source.covariance))
    return AffineColourMap(np.diag(np.clip(stretch, MIN_STRETCH, MAX_STRETCH)), source.mean, target.mean)


def monge_kantorovich_map(source: ColourStatistics, target: ColourStatistics) -> AffineColourMap:
    """The map of Pitié & Kokaram: means and covariances."""
    root = _matrix_power(source.covariance, 0.5)
    inverse_root = _matrix_power(source.covariance, -0.5)
    matrix = inverse_root @ _matrix_power(root @ target.covariance @ root, 0.5) @ inverse_root
    values, vectors = np.linalg.eigh(matrix)
    return AffineColourMap((vectors * np.clip(values, MIN_STRETCH, MAX_STRETCH)) @ vectors.T, source.mean, target.mean)


MAP_BUILDERS = {"reinhard": reinhard_map, "monge": monge_kantorovich_map}


def transfer_colours(
    picture: Picture, style: Picture, method: str = "monge", strength: float = 1, where: Pixels | None = None
) -> Picture:
    """Give a picture the colours of another.

    Parameters
    ----------
    picture
        Either depth, any profile; alpha is kept.
    style
        The picture whose colours are taken on; of any size.
    method
        "monge" or "reinhard".
    strength
        0..1. 0 returns the picture itself.
    where
        H x W mask, 0 to its peak: where colours are measured and changed.
    """
    if strength == 0:
        return picture
    source, target = measure_colours(sample_light(picture, where)), measure_colours(sample_light(style))
    return apply_colour_map(picture, MAP_BUILDERS[method](source, target), strength, where, map_skin(picture))


def apply_colour_map(
    picture: Picture,
    colour_map: AffineColourMap,
    strength: float = 1,
    where: Pixels | None = None,
    skin: SkinMap | None = None,
) -> Picture:
    """Apply a share of a colour map (0..1), in Lab, less of it to skin; colours are fitted to the gamut afterwards."""
    space = colour_space_of(picture)

    def transform(linear: Floats, rows: slice) -> Floats:
        lab = linear_to_lab(linear, space)
        change = np.float32(strength) * (colour_map(lab) - lab)
        lab += change if skin is None else change * (1 - SKIN_PROTECTION_SHARES * skin.evaluate(rows)[..., None])
        return fit_to_gamut(lab_to_linear(_compress_lightness(lab), space), space)

    return picture if strength == 0 else apply_in_linear_light(picture, transform, 1, where)


def _compress_lightness(lab: Floats) -> Floats:
    """Lightness compressed near black and white, so that what was moved past them keeps its texture."""
    lightness = lab[..., 0]
    high = 90 + 10 * np.tanh((lightness - 90) / 10)
    low = 6 + 6 * np.tanh((lightness - 6) / 6)
    lab[..., 0] = np.where(lightness > 90, high, np.where(lightness < 6, low, lightness))
    return lab


def _matrix_power(matrix: Float64Array, power: float) -> Float64Array:
    """A power of a symmetric positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    result: Float64Array = (vectors * np.maximum(values, 1e-6) ** power) @ vectors.T
    return result
