"""Test-time augmentation: the mean of a network's mattes of mirrored and scaled views, and their spread.

Wang et al., Aleatoric uncertainty estimation with test-time augmentation (2019). Which views help, and how much:
decision 007.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mattebox.core import cpu_threads
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.io.resampling import BlockMeans
from mattebox.models.cards.card import Card
from mattebox.models.matte_session import MattePrediction, Session
from mattebox.types import Floats, Picture


class View(NamedTuple):
    """One augmentation: `scale` times the network's usual input size, `mirrored` left to right."""

    scale: float
    mirrored: bool


class AveragedPrediction(NamedTuple):
    """The mean of several views: alpha h x w, 0..1, at the network's usual resolution, and a subject's probability;
    `uncertainty` h x w is the standard deviation of the views' alphas."""

    alpha: Floats
    presence: float
    uncertainty: Floats


MAX_VIEWS = 8
MIN_VIEWS_FOR_MIRROR_PAIRS = 6  # views from which each scale is used both plain and mirrored
SCALE_STEP = 0.1  # reach of the scales around 1 for each view, up to
MAX_SCALE_STEPS = 3
LOGIT_CLIP_MARGIN = 0.001  # alpha is clipped by this much before its logit is taken
FIXED_SIZE_VIEWS = (View(1.0, False), View(1.0, True))  # of networks that take a single input size


def plan_views(card: Card, votes: int = 0) -> tuple[View, ...]:
    """Choose the views of a picture.

    Parameters
    ----------
    card : Card
        The network's card.
    votes : int
        Number of views; 0 for as many as the card says.

    Returns
    -------
    tuple of View
        Scales spread evenly around 1, every second view mirrored; from six views on, if even, half as many scales, each
        plain and mirrored.

    Raises
    ------
    UsageError
        When the network cannot have so many views.
    """
    count, limit = votes or card.input.looks, _max_views(card)
    if count > limit:
        raise UsageError(
            f"model {card.name} takes {limit} view{'s' * (limit > 1)} of a picture, not {count}",
            f"take votes {limit} or fewer, or model balanced",
        )
    if limit < MAX_VIEWS or count == 1:
        return FIXED_SIZE_VIEWS[:count]
    reach = SCALE_STEP * min(count, MAX_SCALE_STEPS)
    repeats = 2 if count >= MIN_VIEWS_FOR_MIRROR_PAIRS and count % 2 == 0 else 1
    scales = np.linspace(1 - reach, 1 + reach, count // repeats).repeat(repeats)
    return tuple(View(float(scale), bool(i % 2)) for i, scale in enumerate(scales))


def predict_with_views(picture: Picture, session: Session, votes: int = 0) -> AveragedPrediction:
    """Run the network on several views of a picture and average its alphas.

    Parameters
    ----------
    picture : Picture
        Opaque picture of any size and bit depth.
    session : Session
        The network.
    votes : int
        Number of views; 0 for as many as the card says.

    Returns
    -------
    AveragedPrediction
        The mean of the logits; a single view's result is returned as it is.
    """
    views = plan_views(session.card, votes)
    if views == FIXED_SIZE_VIEWS[:1]:
        prediction = session.predict_matte(picture)
        return AveragedPrediction(prediction.alpha, prediction.presence, np.zeros_like(prediction.alpha))
    size = session.input_geometry(picture.shape).content_shape
    reduced = session.reduce_for_views(picture)
    slowest_first = sorted(views, key=lambda view: -view.scale)
    predictions = cpu_threads.parallel_map(lambda view: _predict_view(picture, reduced, session, view), slowest_first)
    alphas = [a if a.shape == size else resampling.enlarge(a, size, "bilinear") for a, _ in predictions]
    presence = 1.0
    if session.card.output.presence:
        presence = float(average_alphas([np.array(p.presence, np.float32) for p in predictions]))
    return AveragedPrediction(average_alphas(alphas), presence, np.std(alphas, 0, dtype=np.float32))


def average_alphas(alphas: list[Floats], logit_scale: float = 1.0, weights: list[float] | None = None) -> Floats:
    """Average several alphas of one shape by their logits.

    Parameters
    ----------
    alphas : list of Floats
        Each H x W, 0..1; a single one is returned as it is.
    logit_scale : float
        Factor of the mean logit: above 1 makes the result more decided.
    weights : list of float, optional
        Weight of each alpha.

    Returns
    -------
    Floats
        H x W, 0..1.
    """
    if len(alphas) == 1:
        return alphas[0]
    logit = np.average(alpha_logits(alphas), axis=0, weights=weights)
    return np.asarray(1 / (1 + np.exp(-logit_scale * logit)), np.float32)


def alpha_logits(alpha: ArrayLike) -> Floats:
    """Logits of alpha, 0..1, which is clipped first by LOGIT_CLIP_MARGIN."""
    clipped = np.clip(alpha, LOGIT_CLIP_MARGIN, 1 - LOGIT_CLIP_MARGIN)
    logits: Floats = np.log(clipped / (1 - clipped))
    return logits


def _max_views(card: Card) -> int:
    """How many views a network can have."""
    if card.output.values in ("boxes", "queries", "points"):
        return 1
    return MAX_VIEWS if card.input.fit in ("aspect", "short") else len(FIXED_SIZE_VIEWS)


def _predict_view(
    picture: Picture, reduced_picture: BlockMeans | None, session: Session, view: View
) -> MattePrediction:
    """The network's prediction for one view, mirrored back."""
    scaled = session if view.scale == 1 else session.with_input_scale(view.scale)
    x, geometry = scaled.preprocess(picture, reduced_picture)
    if not view.mirrored:
        return scaled.predict_preprocessed(x, geometry)
    width = geometry.content_shape[1]  # padding stays on the right
    x[..., :width] = x[..., :width][..., ::-1].copy()
    alpha, presence = scaled.predict_preprocessed(x, geometry)
    return MattePrediction(np.ascontiguousarray(alpha[:, ::-1]), presence)
