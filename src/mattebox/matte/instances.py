"""Several subjects in one matte: the parts that hang together, listed, and one of them picked.

Soft pixels belong to the part they are nearest to. Works on the matte's grid. Knows nothing of networks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from mattebox.components import components, subject_box
from mattebox.errors import UsageError
from mattebox.matte import marks
from mattebox.matte.confidence import expected_iou
from mattebox.matte.geodesic import distances, prices
from mattebox.matte.refine import as_floats
from mattebox.types import Box, Floats, Matte, Size

CRUMB = 0.0005  # of the picture: a smaller part is not listed
WORDS = ("all", "largest")  # the picks that are words, beside names of classes


@dataclass(frozen=True)
class Instance:
    """A part: its box in the picture's pixels, its share of the picture's area, and how sure the matte is of it, 0..1
    (the IoU to be expected of it alone)."""

    box: Box
    share: float
    score: float


def instances(matte: Matte, size: Size) -> list[Instance]:
    """The parts of a matte of a picture of that size, largest first."""
    alpha = as_floats(matte.alpha)
    labels, parts = components(alpha > 0.5)
    down, across = size[0] / alpha.shape[0], size[1] / alpha.shape[1]
    found = []
    for i, part in enumerate(parts, start=1):
        if part.area >= CRUMB * alpha.size:
            x, y, x2, y2 = part.box
            box = (round(x * across), round(y * down), round(x2 * across), round(y2 * down))
            score = expected_iou(np.where((labels == i) | (labels == 0), alpha, 0)[y:y2, x:x2])
            found.append(Instance(box, part.area / alpha.size, score))
    return found


def alphas(matte: Matte, count: int) -> list[Floats]:
    """The `count` largest parts apart, each the matte with nothing else in it: h x w, 0..1, on the matte's grid."""
    alpha = as_floats(matte.alpha)
    labels, _ = components(alpha > 0.5)
    return [np.where((labels == i) | (labels == 0), alpha, np.float32(0)) for i in range(1, count + 1)]


def check(pick: str) -> None:
    """UsageError for what no picture could mend."""
    if "," in pick:
        marks.check(pick)
    elif not re.fullmatch(r"[1-9]\d*|[^\W\d][^,]*", pick):
        raise UsageError(
            f"{pick!r} picks nothing", "give all, largest, a number by size such as 2, a point X,Y, or a class"
        )


def picked(matte: Matte, pick: str, point: marks.Mark | None) -> Matte:
    """The matte with only the part asked for; `point` stands for a pick that is a place. UsageError."""
    if pick == "all":
        return matte
    labels, parts = components(matte.alpha > matte.depth.peak // 2)
    if point is not None:
        under = np.unique(labels[point.seeds(matte.size)])
        chosen = [int(n) for n in under if n]
        if not chosen:
            raise UsageError(f"there is no subject under {pick}", "`mattebox find` lists what there is, with boxes")
    else:
        chosen = [1 if pick == "largest" else int(pick)]
        if chosen[0] > len(parts):
            raise UsageError(f"there is no part {pick}, only {len(parts)}", "`mattebox find` lists them")
    mine = np.isin(labels, chosen)
    others = (labels > 0) & ~mine
    plain = prices(np.zeros((*matte.size, 1), np.float32), np.zeros(matte.size), np.zeros(matte.size), 1.0)
    nearer = distances(mine, plain) <= distances(others, plain)
    alpha = np.where(nearer, matte.alpha, np.zeros((), matte.alpha.dtype))
    return replace(matte, alpha=alpha, box=subject_box(alpha))
