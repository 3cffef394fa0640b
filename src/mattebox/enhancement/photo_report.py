"""A photograph's report: what it measures, said in words, and the steps that would mend what is wrong with it.

No more is suggested than the automatic steps would do, and nothing for a good photograph. Knows nothing of how reports
are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import blind_restoration, tone_adjustment, white_balance
from mattebox.enhancement.illuminant import angular_error_degrees
from mattebox.enhancement.linear_light import Float64Array, sample_light
from mattebox.enhancement.photo_statistics import PhotoStatistics, measure_statistics
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import AnyStep, Balance, Light, Restore, Sharpen
from mattebox.types import Picture

MIN_CAST_CONFIDENCE = 0.25  # trust in a cast from which it is worth telling
MIN_CLIPPED_SHARE = 0.02  # share of pixels at an end from which it shows
MIN_VISIBLE_NOISE = 0.02  # one deviation
MIN_RESTORATION_STRENGTH = 0.3  # of all that restoring can do, from which it is worth telling
MAX_SOFT_SHARPNESS, MAX_BLURRED_SHARPNESS = 0.4, 0.25  # sharpness
MIN_VISIBLE_BLOCKINESS = 0.25
MAX_DARK_MEDIAN, MIN_BRIGHT_MEDIAN = 0.05, 0.6  # median light
MAX_LOW_CONTRAST_RANGE = 0.5  # range of encoded luminance


@dataclass(frozen=True)
class PhotoReport:
    """What a photograph measures; its cast's `cast_degrees` and `cast_direction` (warm, cool, green, magenta or none);
    `findings`, each a line; `steps` that mend what can be mended here."""

    statistics: PhotoStatistics
    cast_degrees: float
    cast_direction: str
    findings: tuple[str, ...]
    steps: tuple[AnyStep, ...]

    @property
    def recipe(self) -> Recipe | None:
        """The steps as a recipe; None when there is nothing to mend."""
        return Recipe(self.steps) if self.steps else None


def analyse_photo(picture: Picture) -> PhotoReport:
    sample = sample_light(picture)
    found, judgement = measure_statistics(picture), white_balance.estimate_white_balance(sample)
    angle, direction = describe_cast(judgement.estimated_light)
    if judgement.confidence < MIN_CAST_CONFIDENCE:
        direction = "none"
    needs = tone_adjustment.estimate_tone(sample)
    steps: list[AnyStep] = []
    if blind_restoration.strength_from_statistics(found) >= MIN_RESTORATION_STRENGTH:
        steps.append(Restore(amount="auto"))
    if judgement.confidence >= MIN_CAST_CONFIDENCE:
        steps.append(Balance(white="auto"))
    if needs != tone_adjustment.NO_ADJUSTMENT:
        steps.append(Light(light="auto"))
    if MAX_BLURRED_SHARPNESS <= found.sharpness < MAX_SOFT_SHARPNESS and found.noise < MIN_VISIBLE_NOISE:
        steps.append(Sharpen(amount=80))
    return PhotoReport(found, angle, direction, tuple(_describe_findings(found, angle, direction)), tuple(steps))


def describe_cast(light: Float64Array) -> tuple[float, str]:
    """Degrees between a light and white, and which way it leans."""
    red, blue = np.log(light[[0, 2]] / light[1])
    along, across = red - blue, red + blue
    if abs(along) >= abs(across):
        return angular_error_degrees(light, np.ones(3)), "warm" if along > 0 else "cool"
    return angular_error_degrees(light, np.ones(3)), "magenta" if across > 0 else "green"


def _describe_findings(stats: PhotoStatistics, angle: float, direction: str) -> list[str]:
    """What there is to say, in words."""
    said = []
    if max(stats.white) > MIN_CLIPPED_SHARE:
        said.append(f"{max(stats.white):.0%} of a channel is burnt out; what is gone there does not come back")
    if min(stats.black) > MIN_CLIPPED_SHARE:
        said.append(f"{min(stats.black):.0%} is black")
    if stats.median < MAX_DARK_MEDIAN:
        said.append("dark")
    elif stats.median > MIN_BRIGHT_MEDIAN:
        said.append("bright")
    if stats.range < MAX_LOW_CONTRAST_RANGE:
        said.append("little contrast")
    if direction != "none":
        said.append(f"a {direction} cast of {angle:.0f} degrees")
    if stats.noise > MIN_VISIBLE_NOISE:
        said.append(f"noise of {stats.noise * 255:.0f} in 255")
    if stats.sharpness < MAX_SOFT_SHARPNESS:
        said.append("blurred" if stats.sharpness < MAX_BLURRED_SHARPNESS else "a little soft")
    if stats.blocks > MIN_VISIBLE_BLOCKINESS:
        said.append("blocks of JPEG show")
    return said
