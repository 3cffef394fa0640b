"""The first answer, by what the network can be asked: a class, one of several things, points, or just the subject.

What is asked of the network need not be wished of its matte afterwards. Knows nothing of how networks run.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from mattebox.errors import UsageError
from mattebox.matting.confidence import judge
from mattebox.matting.corrections import Wishes
from mattebox.matting.instances import WORDS
from mattebox.matting.scribbles import Mark
from mattebox.matting.segmentation import on_white, segment
from mattebox.models.cards.card import Card
from mattebox.models.instance_masks import Part, union
from mattebox.models.matte_session import Session
from mattebox.models.point_prompts import Prompt
from mattebox.types import Matte, Picture

ALONG = 3  # points that stand for a stroke


def answered(picture: Picture, session: Session, wishes: Wishes, votes: int = 0) -> tuple[Matte, Wishes]:
    """The coarse matte, and what is still to be wished of it. `votes` as in `segment`. UsageError, ModelError."""
    output, seen = session.card.output, on_white(picture)
    if output.values == "points":
        asked, left = prompts_of(wishes.keep, wishes.drop)
        if not asked:
            return segment(picture, session, votes), wishes  # the session says what it must be told
        alpha = session.prompted(seen, asked)
        return judge(alpha, session.card.calibration), replace(wishes, keep=(), drop=left)
    if not output.labelled or wishes.pick == "all":
        return segment(picture, session, votes), wishes
    found = chosen(session.parts(seen), wishes.pick, wishes.place, session.card)
    matte = judge(union(found, session.geometry(picture.size).inner), session.card.calibration)
    return matte, replace(wishes, pick="all", place=None)


def check(pick: str, card: Card | None) -> None:
    """UsageError when the pick names a class that the model does not tell; None stands for no model."""
    if "," in pick or pick in WORDS or pick.isdigit():
        return
    if card is None:
        raise UsageError(f"only a network can tell {pick}", "leave out --by, or pick by number or place")
    known = card.output.classes
    for name in pick.split("+"):
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


def chosen(parts: Sequence[Part], pick: str, place: Mark | None, card: Card) -> list[Part]:
    """Those of the parts, largest first, that are picked: largest, a number, a place, or classes. None of a class that
    is not there; UsageError for a number or place where there is nothing."""
    if place is not None:
        under = [p for p in parts if (p.alpha > 0.5)[place.seeds((p.alpha.shape[0], p.alpha.shape[1]))].any()]
        if not under:
            raise UsageError(f"there is nothing under {pick}", "`mattebox find` lists what there is, with boxes")
        return under[-1:]  # the smallest: what lies on a table, not the table
    if pick == "largest":
        wanted = card.output.subject
        return [p for p in parts if not wanted or p.label in wanted][:1]
    if pick.isdigit():
        if int(pick) > len(parts):
            raise UsageError(f"there is no part {pick}, only {len(parts)}", "`mattebox find` lists them")
        return [parts[int(pick) - 1]]
    check(pick, card)
    return [p for p in parts if p.label in pick.split("+")]


def prompts_of(keep: Sequence[Mark], drop: Sequence[Mark]) -> tuple[list[Prompt], tuple[Mark, ...]]:
    """What is asked by the marks: each box by itself, with the points in it, and the other points together. Boxes to be
    dropped cannot be asked and are left."""
    boxes = [m for m in keep if m.box]
    points = [p for m in keep if not m.box for p in _along(m)]
    against = tuple(p for m in drop if not m.box for p in _along(m))
    asked = []
    for box in boxes:
        (x, y), (x2, y2) = box.points
        low, high = (min(x, x2), min(y, y2)), (max(x, x2), max(y, y2))
        inside = [p for p in points if low[0] <= p[0] <= high[0] and low[1] <= p[1] <= high[1]]
        points = [p for p in points if p not in inside]
        asked.append(Prompt(tuple(inside), against, (low, high)))
    if points:
        asked.append(Prompt(tuple(points), against))
    return asked, tuple(m for m in drop if m.box)


def _along(mark: Mark) -> list[tuple[float, float]]:
    """A point itself, or a few of a stroke, its ends among them."""
    count = len(mark.points)
    picked = {round(i * (count - 1) / (ALONG - 1)) for i in range(ALONG)}
    return [mark.points[i] for i in sorted(picked)]
