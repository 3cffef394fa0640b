"""A photograph's report: what it measures, said in words, and the steps that would mend what is wrong with it.

No more is suggested than the automatic steps would do, and nothing for a good photograph. Knows nothing of how reports
are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.enhancement import denoising, tone_adjustment, white_balance
from mattebox.enhancement.illuminant import degrees
from mattebox.enhancement.linear_light import Matrix, sampled
from mattebox.enhancement.photo_statistics import Statistics, measured
from mattebox.recipe.recipe import Balance, Light, Recipe, Restore, Sharpen, Step
from mattebox.types import Picture

SURE = 0.25  # trust in a cast from which it is worth telling
CLIPPED = 0.02  # share of pixels at an end from which it shows
NOISY = 0.02  # one deviation
WORTH = 0.3  # of all that restoring can do, from which it is worth telling
SOFT, BLURRED = 0.4, 0.25  # sharpness
BLOCKY = 0.25
DARK, PALE = 0.05, 0.6  # median light
FLAT = 0.5  # range of encoded luminance


@dataclass(frozen=True)
class Report:
    """What a photograph measures; its cast's `degrees` and `direction` (warm, cool, green, magenta or none);
    `findings`, each a line; `steps` that mend what can be mended here."""

    statistics: Statistics
    degrees: float
    direction: str
    findings: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def recipe(self) -> Recipe | None:
        """The steps as a recipe; None when there is nothing to mend."""
        return Recipe(self.steps) if self.steps else None


def analysed(picture: Picture) -> Report:
    sample = sampled(picture)
    found, judgement = measured(picture), white_balance.judged(sample)
    angle, direction = cast(judgement.told)
    if judgement.trusted < SURE:
        direction = "none"
    needs = tone_adjustment.needed(sample)
    steps: list[Step] = []
    if denoising.needed_of(found) >= WORTH:
        steps.append(Restore(amount="auto"))
    if judgement.trusted >= SURE:
        steps.append(Balance(white="auto"))
    if needs != tone_adjustment.NONE:
        steps.append(Light(light="auto"))
    if BLURRED <= found.sharpness < SOFT and found.noise < NOISY:
        steps.append(Sharpen(amount=80))
    return Report(found, angle, direction, tuple(_findings(found, angle, direction)), tuple(steps))


def cast(light: Matrix) -> tuple[float, str]:
    """Degrees between a light and white, and which way it leans."""
    red, blue = np.log(light[[0, 2]] / light[1])
    along, across = red - blue, red + blue
    if abs(along) >= abs(across):
        return degrees(light, np.ones(3)), "warm" if along > 0 else "cool"
    return degrees(light, np.ones(3)), "magenta" if across > 0 else "green"


def _findings(found: Statistics, angle: float, direction: str) -> list[str]:
    """What there is to say, in words."""
    said = []
    if max(found.white) > CLIPPED:
        said.append(f"{max(found.white):.0%} of a channel is burnt out; what is gone there does not come back")
    if min(found.black) > CLIPPED:
        said.append(f"{min(found.black):.0%} is black")
    if found.median < DARK:
        said.append("dark")
    elif found.median > PALE:
        said.append("bright")
    if found.range < FLAT:
        said.append("little contrast")
    if direction != "none":
        said.append(f"a {direction} cast of {angle:.0f} degrees")
    if found.noise > NOISY:
        said.append(f"noise of {found.noise * 255:.0f} in 255")
    if found.sharpness < SOFT:
        said.append("blurred" if found.sharpness < BLURRED else "a little soft")
    if found.blocks > BLOCKY:
        said.append("blocks of JPEG show")
    return said
