"""The colours of one picture on another: their means and spreads in Lab, moved by a linear map.

Reinhard et al., Color transfer between images, 2001 (each axis by itself); Pitié & Kokaram, The linear
Monge-Kantorovitch colour mapping, 2007 (the least movement that turns one Gaussian into the other). Stretches
are limited, so that neither noise nor bands are blown up. Knows nothing of textures and strokes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement.lab import fitted, lab_of, light_of
from mattebox.enhancement.linear_light import Matrix, Sample, sampled, space_of, worked
from mattebox.types import Floats, Picture, Pixels

LEAST, MOST = 0.5, 2.0  # stretch along any direction


@dataclass(frozen=True, eq=False)
class Colours:
    """Mean and covariance in Lab."""

    mean: Matrix
    covariance: Matrix


@dataclass(frozen=True, eq=False)
class Map:
    """Lab -> turn @ (Lab - before) + after."""

    turn: Matrix
    before: Matrix
    after: Matrix

    def __call__(self, lab: Floats) -> Floats:
        moved: Floats = ((lab - self.before.astype(np.float32)) @ self.turn.T.astype(np.float32)).astype(np.float32)
        return moved + self.after.astype(np.float32)


def colours_of(sample: Sample) -> Colours:
    """What is seen of a picture; grey of middling spread when nothing is."""
    if sample.weight.sum() < 1:
        return Colours(np.array([50.0, 0, 0]), np.diag([400.0, 25, 25]))
    lab = lab_of(sample.light, sample.space).astype(np.float64)
    share = (sample.weight / sample.weight.sum()).astype(np.float64)
    mean = share @ lab
    away = lab - mean
    return Colours(mean, (away * share[:, None]).T @ away + 0.5 * np.eye(3))


def reinhard(source: Colours, target: Colours) -> Map:
    stretch = np.sqrt(np.diag(target.covariance) / np.diag(source.covariance))
    return Map(np.diag(np.clip(stretch, LEAST, MOST)), source.mean, target.mean)


def monge(source: Colours, target: Colours) -> Map:
    root = _power(source.covariance, 0.5)
    back = _power(source.covariance, -0.5)
    turn = back @ _power(root @ target.covariance @ root, 0.5) @ back
    values, vectors = np.linalg.eigh(turn)
    return Map((vectors * np.clip(values, LEAST, MOST)) @ vectors.T, source.mean, target.mean)


MAPS = {"reinhard": reinhard, "monge": monge}


def styled(
    picture: Picture, style: Picture, method: str = "monge", strength: float = 1, where: Pixels | None = None
) -> Picture:
    """The picture with the style's colours; strength 0 is the picture itself."""
    if strength == 0:
        return picture
    found = MAPS[method](colours_of(sampled(picture, where)), colours_of(sampled(style)))
    return moved(picture, found, strength, where)


def moved(picture: Picture, by: Map, strength: float = 1, where: Pixels | None = None) -> Picture:
    """The picture with a share of the map done to its colours, in Lab; light that does not fit is made to."""
    space = space_of(picture)

    def work(linear: Floats, _: slice) -> Floats:
        lab = lab_of(linear, space)
        lab += np.float32(strength) * (by(lab) - lab)
        return fitted(light_of(_shouldered(lab), space), space)

    return picture if strength == 0 else worked(picture, work, 1, where)


def _shouldered(lab: Floats) -> Floats:
    """Lightness bent near black and white, so that what was moved past them keeps its texture."""
    lightness = lab[..., 0]
    high = 90 + 10 * np.tanh((lightness - 90) / 10)
    low = 6 + 6 * np.tanh((lightness - 6) / 6)
    lab[..., 0] = np.where(lightness > 90, high, np.where(lightness < 6, low, lightness))
    return lab


def _power(matrix: Matrix, power: float) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    made: Matrix = (vectors * np.maximum(values, 1e-6) ** power) @ vectors.T
    return made
