"""A subject in the light of what lies behind it: brightness, contrast and cast moved a part of the way.

In Lab, by the subject's own pixels and the backdrop's. Its own colours stay its own: a red dress before a meadow turns
no greener than its light does. What moves are the middle, and a little the spread, of lightness; and the tint, no
farther than light goes. Knows nothing of shadows or of how the two are joined.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.colour_transfer import (
    AffineColourMap,
    ColourStatistics,
    apply_colour_map,
    measure_colours,
)
from mattebox.enhancement.linear_light import sample_light
from mattebox.types import Picture

MAX_LIGHTNESS_SHIFT, MAX_TINT_SHIFT = 14.0, 9.0  # the farthest that lightness and tint move, in Lab
FULL_STRENGTH_SHARE = 0.5  # of the way there at full strength
CONTRAST_GAIN_RANGE = (0.8, 1.25)  # contrast


def harmonise_subject(subject: Picture, backdrop: Picture, strength: float) -> Picture:
    """The subject (with its alpha) moved toward the light of the backdrop; strength 0 is the subject itself."""
    if strength == 0 or (subject.alpha is not None and not subject.alpha.any()):
        return subject
    return apply_colour_map(
        subject,
        build_harmonising_map(measure_colours(sample_light(subject)), measure_colours(sample_light(backdrop))),
        strength,
    )


def build_harmonising_map(subject: ColourStatistics, backdrop: ColourStatistics) -> AffineColourMap:
    """The map at full strength."""
    way = np.zeros(3)
    way[0] = np.clip(
        FULL_STRENGTH_SHARE * (backdrop.mean[0] - subject.mean[0]), -MAX_LIGHTNESS_SHIFT, MAX_LIGHTNESS_SHIFT
    )
    tint = float(np.hypot(*backdrop.mean[1:]))
    if tint > 0:
        there = backdrop.mean[1:] / tint
        missing = min(
            max(tint - float(subject.mean[1:] @ there), 0.0), tint
        )  # none where the subject has that tint already
        way[1:] = there * min(FULL_STRENGTH_SHARE * missing, MAX_TINT_SHIFT)
    spread = np.sqrt(backdrop.covariance[0, 0] / subject.covariance[0, 0])
    turn = np.diag([np.clip(1 + FULL_STRENGTH_SHARE * (spread - 1), *CONTRAST_GAIN_RANGE), 1, 1])
    return AffineColourMap(turn, subject.mean, subject.mean + way)
