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
from mattebox.io.resampling import BlockMeans
from mattebox.models.cards.card import Card
from mattebox.models.matte_session import MattePrediction, Session
from mattebox.types import Floats, Picture


class View(NamedTuple):
    """At `scale` times the network's usual size; `mirrored` left to right."""

    scale: float
    mirrored: bool


MAX_VIEWS = 8
MIN_VIEWS_FOR_MIRROR_PAIRS = 6  # looks from which each size is seen plain and mirrored
LOGIT_CLIP_MARGIN = 0.001  # no look is surer than this
FIXED_SIZE_VIEWS = (View(1.0, False), View(1.0, True))  # of a network that takes one size only


def plan_views(card: Card, votes: int = 0) -> tuple[View, ...]:
    """So many `votes` (0 = as many as the card says): sizes spread evenly around the usual one, every second mirrored;
    from six on, if even, half as many sizes, each both ways. UsageError when the network has not so many."""
    count = votes or card.input.looks
    alone = card.output.values in ("boxes", "queries", "points")
    most = 1 if alone else MAX_VIEWS if card.input.fit in ("aspect", "short") else len(FIXED_SIZE_VIEWS)
    if count > most:
        raise UsageError(
            f"model {card.name} can look at a picture in {most} way{'s' * (most > 1)}, not {count}",
            f"take votes {most} or fewer, or model balanced",
        )
    if most < MAX_VIEWS or count == 1:
        return FIXED_SIZE_VIEWS[:count]
    reach, both = 0.1 * min(count, 3), count >= MIN_VIEWS_FOR_MIRROR_PAIRS and count % 2 == 0
    scales = np.linspace(1 - reach, 1 + reach, count // 2 if both else count).repeat(2 if both else 1)
    return tuple(View(float(scale), bool(i % 2)) for i, scale in enumerate(scales))


class AveragedPrediction(NamedTuple):
    """What looks agree on (the mean of their logits): alpha H x W, 0..1, at the network's usual resolution, and how
    likely a subject is; and the standard deviation of their alphas."""

    alpha: Floats
    presence: float
    uncertainty: Floats


def predict_with_views(picture: Picture, session: Session, votes: int = 0) -> AveragedPrediction:
    """One look is taken as it is."""
    chosen = plan_views(session.card, votes)
    if chosen == FIXED_SIZE_VIEWS[:1]:
        said = session.predict_matte(picture)
        return AveragedPrediction(said.alpha, said.presence, np.zeros_like(said.alpha))
    size = session.input_geometry(picture.shape).content_shape
    once = session.reduce_for_views(picture)
    longest_first = sorted(chosen, key=lambda look: -look.scale)
    answers = cpu_threads.parallel_map(lambda look: _predict_view(picture, once, session, look), longest_first)
    same = [a if a.shape == size else resampling.enlarge(a, size, "bilinear") for a, _ in answers]
    presence = (
        float(average_alphas([np.array(p, np.float32) for _, p in answers])) if session.card.output.presence else 1.0
    )
    return AveragedPrediction(average_alphas(same), presence, np.std(same, 0, dtype=np.float32))


def average_alphas(alphas: list[Floats], logit_scale: float = 1.0, weights: list[float] | None = None) -> Floats:
    """One alpha H x W, 0..1, of several: their logits' mean (by `weights`), `logit_scale` times as decided; one alone as it
    is."""
    if len(alphas) == 1:
        return alphas[0]
    sure = np.clip(alphas, LOGIT_CLIP_MARGIN, 1 - LOGIT_CLIP_MARGIN)
    logit = np.average(np.log(sure / (1 - sure)), axis=0, weights=weights)
    return np.asarray(1 / (1 + np.exp(-logit_scale * logit)), np.float32)


def _predict_view(
    picture: Picture, reduced_picture: BlockMeans | None, session: Session, view: View
) -> MattePrediction:
    seen = session if view.scale == 1 else session.with_input_scale(view.scale)
    x, geometry = seen.preprocess(picture, reduced_picture)
    if not view.mirrored:
        return seen.predict_preprocessed(x, geometry)
    width = geometry.content_shape[1]  # what is padded stays on the right
    x[..., :width] = x[..., :width][..., ::-1].copy()
    alpha, presence = seen.predict_preprocessed(x, geometry)
    return MattePrediction(np.ascontiguousarray(alpha[:, ::-1]), presence)
