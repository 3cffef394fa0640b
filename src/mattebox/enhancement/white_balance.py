"""White balance: the illuminant that a step names, or that is estimated, corrected to white."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import dehazing
from mattebox.enhancement.colour_space import Float64Array, colour_space_of
from mattebox.enhancement.gamut import fit_to_gamut
from mattebox.enhancement.illuminant import (
    NEUTRAL_LIGHT,
    bradford_adaptation_matrix,
    check_kelvin,
    light_from_kelvin,
    light_from_log_chromaticity,
    log_chromaticity,
)
from mattebox.enhancement.illuminant_estimation import estimate_white_balance, illuminant_estimates
from mattebox.enhancement.light_sample import sample_light
from mattebox.enhancement.linear_light import apply_in_linear_light
from mattebox.errors import UsageError
from mattebox.recipe.steps import Balance
from mattebox.types import Floats, ImageShape, Picture, Pixels

HIGHLIGHT_FADE_START = 0.9  # brighter pixels have begun to lose their colour: white stays white

Coordinate = tuple[float, bool]
"""A value in pixels, or in percent where the second is true."""


@dataclass(frozen=True, eq=False)
class WhiteBalanceCorrection:
    """What a step corrects: the illuminant `light` (linear RGB, green = 1), under `haze` (linear light, 0..1), which is
    grey and stays so."""

    light: Float64Array
    haze: float = 0


def correct_white_balance(
    picture: Picture, light: Float64Array, strength: float = 1, where: Pixels | None = None, haze: float = 0
) -> Picture:
    """Correct a picture so that an illuminant becomes white.

    Parameters
    ----------
    picture
        Either depth, any profile; alpha is kept.
    light
        The illuminant: linear RGB of a white sheet in the picture, green = 1.
    strength
        0..1. 0 returns the picture itself.
    where
        H x W mask, 0 to its peak: where the correction applies.
    haze
        Linear light, 0..1, of haze over the picture, which is grey and stays so.
    """
    if np.ptp(light) == 0:
        return picture
    space = colour_space_of(picture)
    matrix = bradford_adaptation_matrix(light, space).T.astype(np.float32)

    def transform(linear: Floats, _: slice) -> Floats:
        clipped = np.clip((linear.min(-1, keepdims=True) - HIGHLIGHT_FADE_START) / (1 - HIGHLIGHT_FADE_START), 0, 1)
        corrected = dehazing.add_haze(fit_to_gamut(dehazing.remove_haze(linear, haze) @ matrix, space), haze)
        return np.asarray(corrected + (linear - corrected) * clipped, np.float32)

    return apply_in_linear_light(picture, transform, strength, where)


def plan_white_balance(step: Balance, picture: Picture) -> WhiteBalanceCorrection:
    """The correction that a step asks for, measured on a picture where it must be. UsageError."""
    if step.white == "none":
        return WhiteBalanceCorrection(NEUTRAL_LIGHT)
    sample = sample_light(picture)
    if step.white == "auto":
        estimate = estimate_white_balance(sample)
        return WhiteBalanceCorrection(estimate.light_to_correct, estimate.haze)
    haze = dehazing.estimate_haze(sample)
    if step.white == "grey":
        return WhiteBalanceCorrection(dict(illuminant_estimates(sample))["grey world"], haze)
    kelvin = _parse_kelvin(step.white)
    if kelvin is not None:
        return WhiteBalanceCorrection(light_from_kelvin(kelvin, sample.space), haze)
    point = _resolve_point(step.white, picture.shape)
    return WhiteBalanceCorrection(sample_grey_point(picture, point), haze)


def check_balance(step: Balance) -> None:
    """UsageError for a step that suits no picture."""
    kelvin = _parse_kelvin(step.white)
    if kelvin is not None:
        check_kelvin(kelvin)
    elif step.white not in ("none", "auto", "grey"):
        _parse_point(step.white)


def sample_grey_point(picture: Picture, point: tuple[int, int]) -> Float64Array:
    """The illuminant by a grey object at (x, y). UsageError where it is black or clipped."""
    x, y = point
    radius = max(1, max(picture.shape) // 200)
    rows, columns = slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1)
    light = colour_space_of(picture).decode(np.ascontiguousarray(picture.rgb[rows, columns])).reshape(-1, 3).mean(0)
    if light.min() < 0.002 or light.max() > 0.99:
        raise UsageError(f"the place {x},{y} is too dark or too bright to measure its light", "pick a grey one")
    return light_from_log_chromaticity(log_chromaticity(light.astype(np.float64)))


def _parse_kelvin(text: str) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*K", text.strip(), re.IGNORECASE)
    return float(match[1]) if match else None


def _parse_point(text: str) -> tuple[Coordinate, Coordinate]:
    """The x and y of "X,Y" in pixels or percent. UsageError."""
    matches = [re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(px|%)?\s*", part) for part in text.split(",")]
    values = [(float(m[1]), m[2] == "%") for m in matches if m]
    if len(matches) != 2 or len(values) != 2:
        raise UsageError(f"{text!r} is not a white balance", 'give none, auto, grey, a light such as 5500K, or "X,Y"')
    if any(value > 100 for value, is_percent in values if is_percent):
        raise UsageError(f"{text!r} lies outside the picture", "pick a place inside it, up to 100%")
    return values[0], values[1]


def _resolve_point(text: str, size: ImageShape) -> tuple[int, int]:
    """The pixel (x, y) of a picture of `size` that "X,Y" means. UsageError."""
    x, y = (
        value * (length / 100 if is_percent else 1)
        for (value, is_percent), length in zip(_parse_point(text), size[::-1], strict=True)
    )
    if x > size[1] or y > size[0]:
        raise UsageError(f"{text!r} lies outside the picture of {size[1]} x {size[0]}", "pick a place inside it")
    return min(int(x), size[1] - 1), min(int(y), size[0] - 1)
