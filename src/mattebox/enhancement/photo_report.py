"""A report on a photograph: measurements, findings in words, and the recipe steps that fix what can be fixed.

Steps are suggested only where the automatic ones would change something.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import blind_restoration, tone_adjustment
from mattebox.enhancement.colour_space import Float64Array
from mattebox.enhancement.illuminant import NEUTRAL_LIGHT, angular_error_degrees
from mattebox.enhancement.illuminant_estimation import estimate_white_balance
from mattebox.enhancement.light_sample import sample_light
from mattebox.enhancement.photo_statistics import PhotoStatistics, measure_statistics
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import AnyStep, Balance, Light, Restore, Sharpen
from mattebox.types import Picture

MIN_CAST_CONFIDENCE = 0.25
MIN_CLIPPED_SHARE = 0.02
MIN_VISIBLE_NOISE = 0.02
MIN_RESTORATION_STRENGTH = 0.3
MAX_SOFT_SHARPNESS, MAX_BLURRED_SHARPNESS = 0.4, 0.25
MIN_VISIBLE_BLOCKINESS = 0.25
MAX_DARK_MEDIAN, MIN_BRIGHT_MEDIAN = 0.05, 0.6  # linear light
MAX_LOW_CONTRAST_RANGE = 0.5  # encoded luminance


@dataclass(frozen=True)
class PhotoReport:
    """What was found in a photograph.

    Attributes
    ----------
    statistics
        The measurements.
    cast_degrees, cast_direction
        The colour cast: its angle from white, and warm, cool, green, magenta or none.
    findings
        In words, one line each.
    steps
        Recipe steps that fix what can be fixed.
    """

    statistics: PhotoStatistics
    cast_degrees: float
    cast_direction: str
    findings: tuple[str, ...]
    steps: tuple[AnyStep, ...]

    @property
    def recipe(self) -> Recipe | None:
        """The steps as a recipe; None when there is nothing to fix."""
        return Recipe(self.steps) if self.steps else None


def analyse_photo(picture: Picture) -> PhotoReport:
    """Measure a photograph and suggest steps."""
    sample = sample_light(picture)
    statistics, white_balance = measure_statistics(picture), estimate_white_balance(sample)
    angle, direction = describe_cast(white_balance.estimated_light)
    has_cast = white_balance.confidence >= MIN_CAST_CONFIDENCE
    if not has_cast:
        direction = "none"
    steps: list[AnyStep] = []
    if blind_restoration.strength_from_statistics(statistics) >= MIN_RESTORATION_STRENGTH:
        steps.append(Restore(amount="auto"))
    if has_cast:
        steps.append(Balance(white="auto"))
    if tone_adjustment.estimate_tone(sample) != tone_adjustment.NO_ADJUSTMENT:
        steps.append(Light(light="auto"))
    is_soft = MAX_BLURRED_SHARPNESS <= statistics.sharpness < MAX_SOFT_SHARPNESS
    if is_soft and statistics.noise < MIN_VISIBLE_NOISE:
        steps.append(Sharpen(amount=80))
    findings = _describe_findings(statistics, angle, direction)
    return PhotoReport(statistics, angle, direction, tuple(findings), tuple(steps))


def describe_cast(light: Float64Array) -> tuple[float, str]:
    """Degrees between an illuminant (linear RGB) and white, and its direction: warm, cool, green or magenta."""
    red, blue = np.log(light[[0, 2]] / light[1])
    warmth, magenta = red - blue, red + blue
    if abs(warmth) >= abs(magenta):
        direction = "warm" if warmth > 0 else "cool"
    else:
        direction = "magenta" if magenta > 0 else "green"
    return angular_error_degrees(light, NEUTRAL_LIGHT), direction


def _describe_findings(stats: PhotoStatistics, angle: float, direction: str) -> list[str]:
    findings = []
    if max(stats.white) > MIN_CLIPPED_SHARE:
        findings.append(f"{max(stats.white):.0%} of a channel is burnt out; what is gone there does not come back")
    if min(stats.black) > MIN_CLIPPED_SHARE:
        findings.append(f"{min(stats.black):.0%} is black")
    if stats.median < MAX_DARK_MEDIAN:
        findings.append("dark")
    elif stats.median > MIN_BRIGHT_MEDIAN:
        findings.append("bright")
    if stats.range < MAX_LOW_CONTRAST_RANGE:
        findings.append("little contrast")
    if direction != "none":
        findings.append(f"a {direction} cast of {angle:.0f} degrees")
    if stats.noise > MIN_VISIBLE_NOISE:
        findings.append(f"noise of {stats.noise * 255:.0f} in 255")
    if stats.sharpness < MAX_SOFT_SHARPNESS:
        findings.append("blurred" if stats.sharpness < MAX_BLURRED_SHARPNESS else "a little soft")
    if stats.blocks > MIN_VISIBLE_BLOCKINESS:
        findings.append("blocks of JPEG show")
    return findings
