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
from mattebox.enhancement.illuminant import bradford_adaptation_matrix, light_from_kelvin
from mattebox.enhancement.lab import fit_to_gamut
from mattebox.enhancement.linear_light import (
    Float64Array,
    LightSample,
    apply_in_linear_light,
    colour_space_of,
    sample_light,
)
from mattebox.errors import UsageError
from mattebox.recipe.steps import Balance
from mattebox.types import Floats, ImageShape, Picture, Pixels

MAX_LOG_CHROMATICITY = 1.2  # no light is farther from white, in log chromaticity
HIGHLIGHT_FADE_START = 0.9  # light from which a pixel is on its way to having lost its colour; white stays white
NEUTRAL_LIGHT = np.ones(3)
# In log chromaticity: where trust begins to fade, and where it has gone.
SMALL_CAST_FADE_RANGE = (0.08, 0.24)  # the other way round: smaller casts are left alone, larger ones taken off wholly
UNCERTAINTY_FADE_RANGE = (0.3, 0.7)  # the learned estimate's own doubt
DISAGREEMENT_FADE_RANGE = (0.5, 1.2)  # how far the next of the other estimates lies from it
HAZE_FADE_RANGE = (0.02, 0.12)  # light of a veil, which hides a cast or feigns one
GREEN_MAGENTA_FADE_RANGE = (0.35, 0.9)  # how far the light lies from those of day and lamps, toward green or magenta


@dataclass(frozen=True, eq=False)
class WhiteBalanceEstimate:
    """The `light_to_correct` to take off (linear RGB, green = 1; all ones for none), the one `estimated_light` by the estimators, and how far
    they are `confidence` (0..1)."""

    light_to_correct: Float64Array
    estimated_light: Float64Array
    confidence: float


def correct_white_balance(
    picture: Picture, light: Float64Array, strength: float = 1, where: Pixels | None = None, haze: float = 0
) -> Picture:
    """The picture as if `light` (linear RGB of a white sheet in it) were white; strength 0 is the picture itself.

    `haze` is a veil (0..1, linear) that lies over it, which is grey and stays so.
    """
    if np.ptp(light) == 0:
        return picture
    space = colour_space_of(picture)
    turn = bradford_adaptation_matrix(light, space).T.astype(np.float32)

    def work(linear: Floats, _: slice) -> Floats:
        blown = np.clip((linear.min(-1, keepdims=True) - HIGHLIGHT_FADE_START) / (1 - HIGHLIGHT_FADE_START), 0, 1)
        made = dehazing.add_haze(fit_to_gamut(dehazing.remove_haze(linear, haze) @ turn, space), haze)
        return np.asarray(made + (linear - made) * blown, np.float32)

    return apply_in_linear_light(picture, work, strength, where)


def resolve_illuminant(step: Balance, picture: Picture) -> Float64Array:
    """The light that the step tells, or finds in the picture. UsageError."""
    if step.white == "none":
        return NEUTRAL_LIGHT
    if step.white == "auto":
        return estimate_white_balance(sample_light(picture)).light_to_correct
    if step.white == "grey":
        return dict(illuminant_estimates(sample_light(picture)))["grey world"]
    kelvin = _parse_kelvin(step.white)
    if kelvin is not None:
        return light_from_kelvin(kelvin, colour_space_of(picture))
    return sample_grey_point(picture, _parse_point(step.white, picture.shape))


def check_balance(step: Balance) -> None:
    """UsageError for what is no white balance, before any picture is read."""
    kelvin = _parse_kelvin(step.white)
    if kelvin is not None:
        light_from_kelvin(kelvin, colour_space_of(Picture(np.zeros((1, 1, 3), np.uint8))))
    elif step.white not in ("none", "auto", "grey"):
        _parse_point(step.white, (1 << 30, 1 << 30))


def estimate_white_balance(sample: LightSample) -> WhiteBalanceEstimate:
    """The light of a photograph, and as much of it taken off as can be trusted (figures in LOG.md)."""
    haze, sample = dehazing.estimate_haze(sample), dehazing.dehaze_sample(sample)
    guess = learned_illuminant.estimate_illuminant(sample)
    if guess is None:
        return WhiteBalanceEstimate(NEUTRAL_LIGHT, NEUTRAL_LIGHT, 0)
    others = [_log_chromaticity(light) for name, light in illuminant_estimates(sample) if name != "learned"]
    alone = min(float(np.linalg.norm(guess.log_chromaticity - other)) for other in others)
    green = abs(float(guess.log_chromaticity.sum())) / 2**0.5  # lamps, day and shade lie along red against blue
    size = float(np.linalg.norm(guess.log_chromaticity))
    trusted = (
        _fade_out(guess.standard_deviation, *UNCERTAINTY_FADE_RANGE)
        * _fade_out(alone, *DISAGREEMENT_FADE_RANGE)
        * _fade_out(green, *GREEN_MAGENTA_FADE_RANGE)
        * (1 - _fade_out(size, *SMALL_CAST_FADE_RANGE))
    )
    trusted *= _fade_out(haze, *HAZE_FADE_RANGE)
    return WhiteBalanceEstimate(
        _light_from_log_chromaticity(guess.log_chromaticity * trusted),
        _light_from_log_chromaticity(guess.log_chromaticity),
        trusted,
    )


def _fade_out(value: float, begin: float, end: float) -> float:
    """1 up to `begin`, 0 from `end` on."""
    return float(np.clip((end - value) / (end - begin), 0, 1))


def illuminant_estimates(sample: LightSample) -> list[tuple[str, Float64Array]]:
    """What each estimator tells: Buchsbaum 1980; Finlayson & Trezzi 2004; van de Weijer et al. 2007; bright pixels as
    in Joze et al. 2012; and the learned one. None of them when too little is seen."""
    top = sample.grid.max(-1)
    good = (
        (sample.grid_weights > 0.5)
        & (top < learned_illuminant.MAX_USABLE_LIGHT)
        & (top > learned_illuminant.MIN_USABLE_LIGHT)
    )
    if good.sum() < 64:
        return [("grey world", NEUTRAL_LIGHT)]
    some = sample.grid[good].astype(np.float64)
    both = good[1:, 1:] & good[:-1, 1:] & good[1:, :-1]
    across, down = sample.grid[1:, 1:] - sample.grid[1:, :-1], sample.grid[1:, 1:] - sample.grid[:-1, 1:]
    edges = np.hypot(across, down)[both].astype(np.float64)
    bright = some[some.sum(1) >= np.percentile(some.sum(1), 95)]
    found = [("grey world", some.mean(0)), ("shades of grey", _minkowski_norm(some, 6))]
    if len(edges) and edges.mean(0).min() > 0:
        found.append(("grey edge", _minkowski_norm(edges, 6)))
    found.append(("bright pixels", bright.mean(0)))
    told = learned_illuminant.estimate_illuminant(sample)
    lights = [(name, _light_from_log_chromaticity(_log_chromaticity(light))) for name, light in found]
    return lights if told is None else [*lights, ("learned", _light_from_log_chromaticity(told.log_chromaticity))]


def sample_grey_point(picture: Picture, point: tuple[int, int]) -> Float64Array:
    """The light of the grey thing around a place (x, y). UsageError where it is black or burnt out."""
    x, y = point
    reach = max(1, max(picture.shape) // 200)
    rows, columns = slice(max(0, y - reach), y + reach + 1), slice(max(0, x - reach), x + reach + 1)
    light = colour_space_of(picture).decode(np.ascontiguousarray(picture.rgb[rows, columns])).reshape(-1, 3).mean(0)
    if light.min() < 0.002 or light.max() > 0.99:
        raise UsageError(f"the place {x},{y} is too dark or too bright to tell the light by", "pick a grey one")
    return _light_from_log_chromaticity(_log_chromaticity(light.astype(np.float64)))


def _parse_kelvin(text: str) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*K", text.strip(), re.IGNORECASE)
    return float(found[1]) if found else None


def _parse_point(text: str, size: ImageShape) -> tuple[int, int]:
    found = [re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(px|%)?\s*", part) for part in text.split(",")]
    if len(found) != 2 or None in found:
        raise UsageError(f"{text!r} is no white balance", 'give none, auto, grey, a light such as 5500K, or "X,Y"')
    x, y = (float(m[1]) * (n / 100 if m[2] == "%" else 1) for m, n in zip(found, size[::-1], strict=True) if m)
    if x > size[1] or y > size[0]:
        raise UsageError(f"{text!r} lies outside the picture of {size[1]} x {size[0]}", "pick a place inside it")
    return min(int(x), size[1] - 1), min(int(y), size[0] - 1)


def _minkowski_norm(values: Float64Array, power: int) -> Float64Array:
    return np.asarray((values**power).mean(0) ** (1 / power))


def _log_chromaticity(light: Float64Array) -> Float64Array:
    light = np.maximum(light, 1e-4)
    return np.asarray(np.clip(np.log(light[[0, 2]] / light[1]), -MAX_LOG_CHROMATICITY, MAX_LOG_CHROMATICITY))


def _light_from_log_chromaticity(log_chromaticity: Float64Array) -> Float64Array:
    return np.array([np.exp(log_chromaticity[0]), 1, np.exp(log_chromaticity[1])])
