"""Several looks of one network at a picture, mirrored and at other sizes: together they err less, and where
they differ the matte is unsure.

Test-time augmentation, and the spread of its answers as uncertainty (Wang et al., Aleatoric uncertainty estimation with
test-time augmentation, 2019). Which looks, and what they bring: LOG.md. Knows nothing of edges or of how networks run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mattebox.core import cpu_threads
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.io.resampling import Reduced
from mattebox.models.cards.card import Card
from mattebox.models.matte_session import Said, Session
from mattebox.types import Floats, Picture


class Look(NamedTuple):
    """At `scale` times the network's usual size; `mirrored` left to right."""

    scale: float
    mirrored: bool


MOST = 8
BOTH = 6  # looks from which each size is seen plain and mirrored
SURE = 0.001  # no look is surer than this
FIXED = (Look(1.0, False), Look(1.0, True))  # of a network that takes one size only


def looks(card: Card, votes: int = 0) -> tuple[Look, ...]:
    """So many `votes` (0 = as many as the card says): sizes spread evenly around the usual one, every second mirrored;
    from six on, if even, half as many sizes, each both ways. UsageError when the network has not so many."""
    count = votes or card.input.looks
    alone = card.output.values in ("boxes", "queries", "points")
    most = 1 if alone else MOST if card.input.fit in ("aspect", "short") else len(FIXED)
    if count > most:
        raise UsageError(
            f"model {card.name} can look at a picture in {most} way{'s' * (most > 1)}, not {count}",
            f"take votes {most} or fewer, or model balanced",
        )
    if most < MOST or count == 1:
        return FIXED[:count]
    reach, both = 0.1 * min(count, 3), count >= BOTH and count % 2 == 0
    scales = np.linspace(1 - reach, 1 + reach, count // 2 if both else count).repeat(2 if both else 1)
    return tuple(Look(float(scale), bool(i % 2)) for i, scale in enumerate(scales))


class Voted(NamedTuple):
    """What looks agree on (the mean of their logits): alpha H x W, 0..1, at the network's usual resolution, and how
    likely a subject is; and the standard deviation of their alphas."""

    alpha: Floats
    presence: float
    spread: Floats


def voted(picture: Picture, session: Session, votes: int = 0) -> Voted:
    """One look is taken as it is."""
    chosen = looks(session.card, votes)
    if chosen == FIXED[:1]:
        said = session.seen(picture)
        return Voted(said.alpha, said.presence, np.zeros_like(said.alpha))
    size = session.geometry(picture.size).inner
    once = session.reduced(picture)
    longest_first = sorted(chosen, key=lambda look: -look.scale)
    answers = cpu_threads.side_by_side(lambda look: _answer(picture, once, session, look), longest_first)
    same = [a if a.shape == size else resampling.enlarge(a, size, "bilinear") for a, _ in answers]
    presence = float(agreed([np.array(p, np.float32) for _, p in answers])) if session.card.output.presence else 1.0
    return Voted(agreed(same), presence, np.std(same, 0, dtype=np.float32))


def agreed(alphas: list[Floats], steep: float = 1.0, weights: list[float] | None = None) -> Floats:
    """One alpha H x W, 0..1, of several: their logits' mean (by `weights`), `steep` times as decided; one alone as it
    is."""
    if len(alphas) == 1:
        return alphas[0]
    sure = np.clip(alphas, SURE, 1 - SURE)
    logit = np.average(np.log(sure / (1 - sure)), axis=0, weights=weights)
    return np.asarray(1 / (1 + np.exp(-steep * logit)), np.float32)


def _answer(picture: Picture, once: Reduced | None, session: Session, look: Look) -> Said:
    seen = session if look.scale == 1 else session.scaled(look.scale)
    x, geometry = seen.prepare(picture, once)
    if not look.mirrored:
        return seen.said(x, geometry)
    width = geometry.inner[1]  # what is padded stays on the right
    x[..., :width] = x[..., :width][..., ::-1].copy()
    alpha, presence = seen.said(x, geometry)
    return Said(np.ascontiguousarray(alpha[:, ::-1]), presence)
