"""First matte by what the network accepts: point prompts, classes or instances, or nothing but the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mattebox.core.flatten import flatten_on_white
from mattebox.matting.confidence import build_scored_matte
from mattebox.matting.corrections import Corrections
from mattebox.matting.scribbles import RelativePoint, Scribble, Stroke, split_scribbles
from mattebox.matting.segmentation import segment
from mattebox.matting.selection import SELECT_ALL, select_instances
from mattebox.models.instance_masks import union_alpha
from mattebox.models.matte_session import Session
from mattebox.models.point_prompts import PointPrompt
from mattebox.types import Matte, Picture

POINTS_PER_STROKE = 3  # points that stand for a stroke in a prompt


def query_network(
    picture: Picture, session: Session, corrections: Corrections, votes: int = 0
) -> tuple[Matte, Corrections]:
    """Run the network with those corrections that it can take as input.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth.
    session : Session
        The network.
    corrections : Corrections
        The user's corrections, in the picture's coordinates.
    votes : int
        Number of views for test-time augmentation, as in `segment`.

    Returns
    -------
    tuple of Matte and Corrections
        The coarse matte, and the corrections that still have to be applied to it.

    Raises
    ------
    UsageError, ModelError
        When the selection does not exist, or the network needs a prompt and there is none.
    """
    output = session.card.output
    if output.values == "points":
        return _query_by_points(picture, session, corrections, votes)
    if not output.has_classes or corrections.selection.kind == "all":
        return segment(picture, session, votes), corrections
    instances = session.predict_instances(flatten_on_white(picture))
    selected = select_instances(instances, corrections.selection, session.card)
    alpha = union_alpha(selected, session.input_geometry(picture.shape).content_shape)
    return build_scored_matte(alpha, session.card.calibration), replace(corrections, selection=SELECT_ALL)


def prompts_from_scribbles(
    keep: Sequence[Scribble], drop: Sequence[Scribble]
) -> tuple[list[PointPrompt], tuple[Scribble, ...]]:
    """Turn scribbles into prompts.

    Parameters
    ----------
    keep, drop : sequence of Scribble
        What is subject and what is not.

    Returns
    -------
    tuple
        One prompt for each rectangle to keep, with the points inside, and one for all other points; and the rectangles
        to drop, which no prompt expresses.
    """
    keep_strokes, keep_boxes = split_scribbles(keep)
    drop_strokes, drop_boxes = split_scribbles(drop)
    foreground = [point for stroke in keep_strokes for point in _sample_stroke(stroke)]
    background = tuple(point for stroke in drop_strokes for point in _sample_stroke(stroke))
    prompts = []
    for box in keep_boxes:
        inside = tuple(point for point in foreground if box.contains(point))
        foreground = [point for point in foreground if point not in inside]
        prompts.append(PointPrompt(inside, background, box.corners))
    if foreground:
        prompts.append(PointPrompt(tuple(foreground), background))
    return prompts, tuple(drop_boxes)


def _query_by_points(
    picture: Picture, session: Session, corrections: Corrections, votes: int
) -> tuple[Matte, Corrections]:
    """Run a promptable network on the scribbles."""
    prompts, remaining = prompts_from_scribbles(corrections.keep, corrections.drop)
    if not prompts:
        return segment(picture, session, votes), corrections  # the session raises with the advice to mark something
    alpha = session.predict_from_prompts(flatten_on_white(picture), prompts)
    return build_scored_matte(alpha, session.card.calibration), replace(corrections, keep=(), drop=remaining)


def _sample_stroke(stroke: Stroke) -> list[RelativePoint]:
    """A click itself, or a few points of a longer stroke, its ends among them."""
    last = len(stroke.points) - 1
    indices = {round(i * last / (POINTS_PER_STROKE - 1)) for i in range(POINTS_PER_STROKE)}
    return [stroke.points[i] for i in sorted(indices)]
