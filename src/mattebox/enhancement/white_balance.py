"""White balance: the colour of the light is told by several estimators, or by the user, and made that of day.

Grey world, shades of grey, grey edge and bright pixels each trust a rule of thumb, the learned pattern what photographs
look like. Where they agree the cast is taken off; the less they agree, and the farther from daylight, lamps and shade
the light would lie, the less is done; a cast no larger than their errors is none. Knows nothing of files or subjects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import dehazing, learned_illuminant
from mattebox.enhancement.illuminant import adaptation, of_temperature
from mattebox.enhancement.lab import fitted
from mattebox.enhancement.linear_light import Matrix, Sample, sampled, space_of, worked
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Balance
from mattebox.types import Floats, Picture, Pixels, Size

LIMIT = 1.2  # no light is farther from white, in log chromaticity
BLOWN = 0.9  # light from which a pixel is on its way to having lost its colour; white stays white
NEUTRAL = np.ones(3)
# In log chromaticity: where trust begins to fade, and where it has gone.
NO_CAST = (0.08, 0.24)  # the other way round: smaller casts are left alone, larger ones taken off wholly
UNSURE = (0.3, 0.7)  # the learned estimate's own doubt
ALONE = (0.5, 1.2)  # how far the next of the other estimates lies from it
HAZY = (0.02, 0.12)  # light of a veil, which hides a cast or feigns one
GREEN = (0.35, 0.9)  # how far the light lies from those of day and lamps, toward green or magenta


@dataclass(frozen=True, eq=False)
class Judgement:
    """The `light` to take off (linear RGB, green = 1; all ones for none), the one `told` by the estimators, and how far
    they are `trusted` (0..1)."""

    light: Matrix
    told: Matrix
    trusted: float


def balanced(
    picture: Picture, light: Matrix, strength: float = 1, where: Pixels | None = None, haze: float = 0
) -> Picture:
    """The picture as if `light` (linear RGB of a white sheet in it) were white; strength 0 is the picture itself.

    `haze` is a veil (0..1, linear) that lies over it, which is grey and stays so.
    """
    if np.ptp(light) == 0:
        return picture
    space = space_of(picture)
    turn = adaptation(light, space).T.astype(np.float32)

    def work(linear: Floats, _: slice) -> Floats:
        blown = np.clip((linear.min(-1, keepdims=True) - BLOWN) / (1 - BLOWN), 0, 1)
        made = dehazing.laid(fitted(dehazing.lifted(linear, haze) @ turn, space), haze)
        return np.asarray(made + (linear - made) * blown, np.float32)

    return worked(picture, work, strength, where)


def wanted(step: Balance, picture: Picture) -> Matrix:
    """The light that the step tells, or finds in the picture. UsageError."""
    if step.white == "none":
        return NEUTRAL
    if step.white == "auto":
        return judged(sampled(picture)).light
    if step.white == "grey":
        return dict(estimates(sampled(picture)))["grey world"]
    kelvin = _kelvin(step.white)
    if kelvin is not None:
        return of_temperature(kelvin, space_of(picture))
    return picked(picture, _point(step.white, picture.size))


def check(step: Balance) -> None:
    """UsageError for what is no white balance, before any picture is read."""
    kelvin = _kelvin(step.white)
    if kelvin is not None:
        of_temperature(kelvin, space_of(Picture(np.zeros((1, 1, 3), np.uint8))))
    elif step.white not in ("none", "auto", "grey"):
        _point(step.white, (1 << 30, 1 << 30))


def judged(sample: Sample) -> Judgement:
    """The light of a photograph, and as much of it taken off as can be trusted (figures in LOG.md)."""
    haze, sample = dehazing.found(sample), dehazing.without(sample)
    guess = learned_illuminant.learned(sample)
    if guess is None:
        return Judgement(NEUTRAL, NEUTRAL, 0)
    others = [_cast(light) for name, light in estimates(sample) if name != "learned"]
    alone = min(float(np.linalg.norm(guess.cast - other)) for other in others)
    green = abs(float(guess.cast.sum())) / 2**0.5  # lamps, day and shade lie along red against blue
    size = float(np.linalg.norm(guess.cast))
    trusted = _fade(guess.spread, *UNSURE) * _fade(alone, *ALONE) * _fade(green, *GREEN) * (1 - _fade(size, *NO_CAST))
    trusted *= _fade(haze, *HAZY)
    return Judgement(_light(guess.cast * trusted), _light(guess.cast), trusted)


def _fade(value: float, begin: float, end: float) -> float:
    """1 up to `begin`, 0 from `end` on."""
    return float(np.clip((end - value) / (end - begin), 0, 1))


def estimates(sample: Sample) -> list[tuple[str, Matrix]]:
    """What each estimator tells: Buchsbaum 1980; Finlayson & Trezzi 2004; van de Weijer et al. 2007; bright pixels as
    in Joze et al. 2012; and the learned one. None of them when too little is seen."""
    top = sample.grid.max(-1)
    good = (sample.seen > 0.5) & (top < learned_illuminant.BRIGHT) & (top > learned_illuminant.DARK)
    if good.sum() < 64:
        return [("grey world", NEUTRAL)]
    some = sample.grid[good].astype(np.float64)
    both = good[1:, 1:] & good[:-1, 1:] & good[1:, :-1]
    across, down = sample.grid[1:, 1:] - sample.grid[1:, :-1], sample.grid[1:, 1:] - sample.grid[:-1, 1:]
    edges = np.hypot(across, down)[both].astype(np.float64)
    bright = some[some.sum(1) >= np.percentile(some.sum(1), 95)]
    found = [("grey world", some.mean(0)), ("shades of grey", _norm(some, 6))]
    if len(edges) and edges.mean(0).min() > 0:
        found.append(("grey edge", _norm(edges, 6)))
    found.append(("bright pixels", bright.mean(0)))
    told = learned_illuminant.learned(sample)
    lights = [(name, _light(_cast(light))) for name, light in found]
    return lights if told is None else [*lights, ("learned", _light(told.cast))]


def picked(picture: Picture, place: tuple[int, int]) -> Matrix:
    """The light of the grey thing around a place (x, y). UsageError where it is black or burnt out."""
    x, y = place
    reach = max(1, max(picture.size) // 200)
    rows, columns = slice(max(0, y - reach), y + reach + 1), slice(max(0, x - reach), x + reach + 1)
    light = space_of(picture).decoded(np.ascontiguousarray(picture.rgb[rows, columns])).reshape(-1, 3).mean(0)
    if light.min() < 0.002 or light.max() > 0.99:
        raise UsageError(f"the place {x},{y} is too dark or too bright to tell the light by", "pick a grey one")
    return _light(_cast(light.astype(np.float64)))


def _kelvin(text: str) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*K", text.strip(), re.IGNORECASE)
    return float(found[1]) if found else None


def _point(text: str, size: Size) -> tuple[int, int]:
    found = [re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(px|%)?\s*", part) for part in text.split(",")]
    if len(found) != 2 or None in found:
        raise UsageError(f"{text!r} is no white balance", 'give none, auto, grey, a light such as 5500K, or "X,Y"')
    x, y = (float(m[1]) * (n / 100 if m[2] == "%" else 1) for m, n in zip(found, size[::-1], strict=True) if m)
    if x > size[1] or y > size[0]:
        raise UsageError(f"{text!r} lies outside the picture of {size[1]} x {size[0]}", "pick a place inside it")
    return min(int(x), size[1] - 1), min(int(y), size[0] - 1)


def _norm(values: Matrix, power: int) -> Matrix:
    return np.asarray((values**power).mean(0) ** (1 / power))


def _cast(light: Matrix) -> Matrix:
    light = np.maximum(light, 1e-4)
    return np.asarray(np.clip(np.log(light[[0, 2]] / light[1]), -LIMIT, LIMIT))


def _light(cast: Matrix) -> Matrix:
    return np.array([np.exp(cast[0]), 1, np.exp(cast[1])])
