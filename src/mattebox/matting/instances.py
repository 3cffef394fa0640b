"""Several subjects in one matte: the parts that hang together, listed, and one of them picked.

Soft pixels belong to the part they are nearest to. Works on the matte's grid. Knows nothing of networks.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from mattebox.core.connected_components import label_components, subject_box
from mattebox.errors import UsageError
from mattebox.matting import scribbles
from mattebox.matting.colour_refinement import as_floats
from mattebox.matting.confidence import expected_iou
from mattebox.matting.geodesic_distance import geodesic_distances, neighbour_costs
from mattebox.models.instance_masks import Instance
from mattebox.types import ImageShape, Matte

MIN_INSTANCE_SHARE = 0.0005  # of the picture: a smaller part is not listed
SELECTION_KEYWORDS = ("all", "largest")  # the picks that are words, beside names of classes


def split_into_instances(matte: Matte, size: ImageShape) -> list[Instance]:
    """The parts of a matte of a picture of that size, largest first, of no class: the score of each is the IoU to be
    expected of it alone, its alpha the matte with no other part in it."""
    alpha = as_floats(matte.alpha)
    labels, parts = label_components(alpha > 0.5)
    down, across = size[0] / alpha.shape[0], size[1] / alpha.shape[1]
    found = []
    for i, part in enumerate(parts, start=1):
        if part.area >= MIN_INSTANCE_SHARE * alpha.size:
            x, y, x2, y2 = part.box
            box = (round(x * across), round(y * down), round(x2 * across), round(y2 * down))
            alone = np.where((labels == i) | (labels == 0), alpha, np.float32(0))
            found.append(Instance("", expected_iou(alone[y:y2, x:x2]), box, alone))
    return found


def check_selection(selection: str) -> None:
    """UsageError for what no picture could mend."""
    if "," in selection:
        scribbles.check_scribbles(selection)
    elif not re.fullmatch(r"[1-9]\d*|[^\W\d][^,]*", selection):
        raise UsageError(
            f"{selection!r} picks nothing", "give all, largest, a number by size such as 2, a point X,Y, or a class"
        )


def keep_selected_instance(matte: Matte, selection: str, point: scribbles.Scribble | None) -> Matte:
    """The matte with only the part asked for; `point` stands for a pick that is a place. UsageError."""
    if selection == "all":
        return matte
    labels, parts = label_components(matte.alpha > matte.bit_depth.peak // 2)
    if point is not None:
        under = np.unique(labels[point.seed_mask(matte.shape)])
        chosen = [int(n) for n in under if n]
        if not chosen:
            raise UsageError(
                f"there is no subject under {selection}", "`mattebox find` lists what there is, with boxes"
            )
    else:
        chosen = [1 if selection == "largest" else int(selection)]
        if chosen[0] > len(parts):
            raise UsageError(f"there is no part {selection}, only {len(parts)}", "`mattebox find` lists them")
    mine = np.isin(labels, chosen)
    others = (labels > 0) & ~mine
    plain = neighbour_costs(np.zeros((*matte.shape, 1), np.float32), np.zeros(matte.shape), np.zeros(matte.shape), 1.0)
    nearer = geodesic_distances(mine, plain) <= geodesic_distances(others, plain)
    alpha = np.where(nearer, matte.alpha, np.zeros((), matte.alpha.dtype))
    return replace(matte, alpha=alpha, box=subject_box(alpha))
