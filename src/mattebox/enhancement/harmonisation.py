"""A subject in the light of what lies behind it: brightness, contrast and cast moved a part of the way.

In Lab, by the subject's own pixels and the backdrop's. Its own colours stay its own: a red dress before a meadow turns
no greener than its light does. What moves are the middle, and a little the spread, of lightness; and the tint, no
farther than light goes. Knows nothing of shadows or of how the two are joined.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.colour_transfer import Colours, Map, colours_of, moved
from mattebox.enhancement.linear_light import sampled
from mattebox.types import Picture

LIGHTER, TINT = 14.0, 9.0  # the farthest that lightness and tint move, in Lab
SHARE = 0.5  # of the way there at full strength
SPREAD = (0.8, 1.25)  # contrast


def harmonised(subject: Picture, backdrop: Picture, strength: float) -> Picture:
    """The subject (with its alpha) moved toward the light of the backdrop; strength 0 is the subject itself."""
    if strength == 0 or (subject.alpha is not None and not subject.alpha.any()):
        return subject
    return moved(subject, toward(colours_of(sampled(subject)), colours_of(sampled(backdrop))), strength)


def toward(subject: Colours, backdrop: Colours) -> Map:
    """The map at full strength."""
    way = np.zeros(3)
    way[0] = np.clip(SHARE * (backdrop.mean[0] - subject.mean[0]), -LIGHTER, LIGHTER)
    tint = float(np.hypot(*backdrop.mean[1:]))
    if tint > 0:
        there = backdrop.mean[1:] / tint
        missing = min(
            max(tint - float(subject.mean[1:] @ there), 0.0), tint
        )  # none where the subject has that tint already
        way[1:] = there * min(SHARE * missing, TINT)
    spread = np.sqrt(backdrop.covariance[0, 0] / subject.covariance[0, 0])
    turn = np.diag([np.clip(1 + SHARE * (spread - 1), *SPREAD), 1, 1])
    return Map(turn, subject.mean, subject.mean + way)
