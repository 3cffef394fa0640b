"""The first answer, by what the network can be asked: a class, one of several things, points, or just the subject.

What is asked of the network need not be wished of its matte afterwards. Knows nothing of how networks run.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from mattebox.errors import UsageError
from mattebox.matting.confidence import build_scored_matte
from mattebox.matting.corrections import Corrections
from mattebox.matting.instances import SELECTION_KEYWORDS
from mattebox.matting.scribbles import Scribble
from mattebox.matting.segmentation import flatten_on_white, segment
from mattebox.models.cards.card import Card
from mattebox.models.instance_masks import Instance, union_alpha
from mattebox.models.matte_session import Session
from mattebox.models.point_prompts import PointPrompt
from mattebox.types import Matte, Picture

POINTS_PER_STROKE = 3  # points that stand for a stroke


def query_network(
    picture: Picture, session: Session, corrections: Corrections, votes: int = 0
) -> tuple[Matte, Corrections]:
    """The coarse matte, and what is still to be wished of it. `votes` as in `segment`. UsageError, ModelError."""
    output, seen = session.card.output, flatten_on_white(picture)
    if output.values == "points":
        asked, left = prompts_from_scribbles(corrections.keep, corrections.drop)
        if not asked:
            return segment(picture, session, votes), corrections  # the session says what it must be told
        alpha = session.predict_from_prompts(seen, asked)
        return build_scored_matte(alpha, session.card.calibration), replace(corrections, keep=(), drop=left)
    if not output.has_classes or corrections.selection == "all":
        return segment(picture, session, votes), corrections
    found = select_instances(
        session.predict_instances(seen), corrections.selection, corrections.selection_point, session.card
    )
    matte = build_scored_matte(
        union_alpha(found, session.input_geometry(picture.shape).content_shape), session.card.calibration
    )
    return matte, replace(corrections, selection="all", selection_point=None)


def check_selected_classes(selection: str, card: Card | None) -> None:
    """UsageError when the pick names a class that the model does not tell; None stands for no model."""
    if "," in selection or selection in SELECTION_KEYWORDS or selection.isdigit():
        return
    if card is None:
        raise UsageError(f"only a network can tell {selection}", "leave out --by, or pick by number or place")
    known = card.output.classes
    for name in selection.split("+"):
        if not known:
            raise UsageError(
                f"model {card.name} tells no classes such as {name}", "choose one that does (mattebox models list)"
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = (
                f"did you mean {near[0]}?" if near else f"mattebox models show {card.name.partition('@')[0]} names them"
            )
            raise UsageError(f"model {card.name} tells no {name}", hint)


def select_instances(
    instances: Sequence[Instance], selection: str, point: Scribble | None, card: Card
) -> list[Instance]:
    """Those of the parts, largest first, that are picked: largest, a number, a place, or classes. None of a class that
    is not there; UsageError for a number or place where there is nothing."""
    if point is not None:
        under = [p for p in instances if (p.alpha > 0.5)[point.seed_mask((p.alpha.shape[0], p.alpha.shape[1]))].any()]
        if not under:
            raise UsageError(f"there is nothing under {selection}", "`mattebox find` lists what there is, with boxes")
        return under[-1:]  # the smallest: what lies on a table, not the table
    if selection == "largest":
        wanted = card.output.subject
        return [p for p in instances if not wanted or p.label in wanted][:1]
    if selection.isdigit():
        if int(selection) > len(instances):
            raise UsageError(f"there is no part {selection}, only {len(instances)}", "`mattebox find` lists them")
        return [instances[int(selection) - 1]]
    check_selected_classes(selection, card)
    return [p for p in instances if p.label in selection.split("+")]


def prompts_from_scribbles(
    keep: Sequence[Scribble], drop: Sequence[Scribble]
) -> tuple[list[PointPrompt], tuple[Scribble, ...]]:
    """What is asked by the marks: each box by itself, with the points in it, and the other points together. Boxes to be
    dropped cannot be asked and are left."""
    boxes = [m for m in keep if m.is_box]
    points = [p for m in keep if not m.is_box for p in _sample_stroke(m)]
    against = tuple(p for m in drop if not m.is_box for p in _sample_stroke(m))
    asked = []
    for box in boxes:
        (x, y), (x2, y2) = box.points
        low, high = (min(x, x2), min(y, y2)), (max(x, x2), max(y, y2))
        inside = [p for p in points if low[0] <= p[0] <= high[0] and low[1] <= p[1] <= high[1]]
        points = [p for p in points if p not in inside]
        asked.append(PointPrompt(tuple(inside), against, (low, high)))
    if points:
        asked.append(PointPrompt(tuple(points), against))
    return asked, tuple(m for m in drop if m.is_box)


def _sample_stroke(scribble: Scribble) -> list[tuple[float, float]]:
    """A point itself, or a few of a stroke, its ends among them."""
    count = len(scribble.points)
    picked = {round(i * (count - 1) / (POINTS_PER_STROKE - 1)) for i in range(POINTS_PER_STROKE)}
    return [scribble.points[i] for i in sorted(picked)]
