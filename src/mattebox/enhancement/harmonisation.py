"""Harmonisation: the lightness, contrast and tint of a subject moved part of the way to those of its backdrop.

In Lab, by the colour statistics of both. Only the light changes, not the subject's own colours: a red dress before a
meadow turns no greener than the meadow's light is.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.colour_transfer import (
    AffineColourMap,
    ColourStatistics,
    apply_colour_map,
    measure_colours,
)
from mattebox.enhancement.light_sample import sample_light
from mattebox.types import Picture

MAX_LIGHTNESS_SHIFT, MAX_TINT_SHIFT = 14.0, 9.0  # in Lab
FULL_STRENGTH_SHARE = 0.5  # share of the difference that goes at full strength
CONTRAST_GAIN_RANGE = (0.8, 1.25)


def harmonise_subject(subject: Picture, backdrop: Picture, strength: float) -> Picture:
    """Move a subject (with its alpha) towards the light of a backdrop, by a strength 0..1; 0 returns the subject
    itself."""
    if strength == 0 or (subject.alpha is not None and not subject.alpha.any()):
        return subject
    source, target = measure_colours(sample_light(subject)), measure_colours(sample_light(backdrop))
    return apply_colour_map(subject, build_harmonising_map(source, target), strength)


def build_harmonising_map(subject: ColourStatistics, backdrop: ColourStatistics) -> AffineColourMap:
    """The colour map at full strength."""
    shift = np.zeros(3)
    lightness_gap = FULL_STRENGTH_SHARE * (backdrop.mean[0] - subject.mean[0])
    shift[0] = np.clip(lightness_gap, -MAX_LIGHTNESS_SHIFT, MAX_LIGHTNESS_SHIFT)
    tint = float(np.hypot(*backdrop.mean[1:]))
    if tint > 0:
        direction = backdrop.mean[1:] / tint
        missing_tint = min(max(tint - float(subject.mean[1:] @ direction), 0.0), tint)
        shift[1:] = direction * min(FULL_STRENGTH_SHARE * missing_tint, MAX_TINT_SHIFT)
    contrast_ratio = np.sqrt(backdrop.covariance[0, 0] / subject.covariance[0, 0])
    gain = np.clip(1 + FULL_STRENGTH_SHARE * (contrast_ratio - 1), *CONTRAST_GAIN_RANGE)
    return AffineColourMap(np.diag([gain, 1, 1]), subject.mean, subject.mean + shift)
