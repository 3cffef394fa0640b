"""A person's head, found in the outline of the cutout, and a frame around head and shoulders that cuts neither.

From the top of the outline down: the head ends where it narrows to the neck or widens to the shoulders, and something
of the colour of skin is in it (range of chroma by Chai and Ngan 1999). Without a network: a person standing or sitting
upright is found, a crowd is not. Knows nothing of backgrounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.composition import placement
from mattebox.composition.placement import Placement
from mattebox.core.connected_components import label_components
from mattebox.io import resampling
from mattebox.recipe.steps import Frame
from mattebox.types import Box, Picture, Pixels

GRID_SIDE_CELLS = 256  # longer side of the plane in which the outline is followed, about
MAX_NECK_WIDTH_RATIO = 0.82  # of the head's width: narrower is the neck
MIN_SHOULDER_WIDTH_RATIO = 1.5  # of the head's width so far: wider are the shoulders
HEAD_HEIGHT_RATIOS = (
    0.9,
    1.3,
    2.2,
)  # height of a head, of its width: where its end may be looked for, the least and the most
MIN_BODY_HEIGHT_RATIO = 0.15  # of the head's height: what must come below it
MIN_BUMP_HEIGHT_SHARE = 0.06  # of the subject's height: a smaller bump is hair or a raised hand
MAX_TOP_ROW_WIDTH_RATIO = 0.75  # of the head's width: wider at the photograph's upper rim, it is a trunk cut off
MIN_SKIN_SHARE = 0.15  # of the head: its least share of skin
SHOULDER_OFFSET_RATIO, SHOULDER_END_SHARE = (
    0.4,
    0.2,
)  # of the head's height below it, the shoulders; the share of them at each end it is not above
MIN_HEAD_SHARE = 0.1  # of the subject's longer side: a smaller head is an ear
MAX_SHOULDER_WIDTH_RATIO = 4.0  # heads across: wider shoulders are no shoulders, and the head is an ear
DEFAULT_HEAD_SHARE, MAX_HEAD_SHARE = 0.5, 0.95  # of the canvas's height, what a head takes unless told, and at most
HEADROOM_RATIO = 0.35  # of the head's height: the room above it


def head_box(cutout: Picture) -> Box | None:
    """Left, top, right, bottom of the head, hair included; None when none is found."""
    if cutout.alpha is None:
        return None
    step = max(1, round(max(cutout.shape) / GRID_SIDE_CELLS))
    labels, parts = label_components(resampling.average_blocks(cutout.alpha, step) >= 128)
    if not parts:
        return None
    found = _topmost_box(labels == 1)
    if found is None:
        return None
    left, top, right, bottom = found
    if _skin_share(resampling.average_blocks(cutout.rgb, step)[top:bottom, left:right]) < MIN_SKIN_SHARE:
        return None
    height, width = cutout.shape
    return left * step, top * step, min(width, right * step), min(height, bottom * step)


def place_around_head(subject: Box, head: Box, framing: Frame) -> Placement:
    """Where the cutout goes so that its head takes `fill` (or SHARE) of the canvas's height, in the middle and with
    room above; larger when the subject would end above the canvas's lower rim."""
    tall = head[3] - head[1]
    share = placement.parse_fill(framing.fill) if framing.fill not in ("any", "original") else None
    share = min(share or DEFAULT_HEAD_SHARE, MAX_HEAD_SHARE)
    width, height = placement.canvas_size((tall / share, tall / share), framing)
    room = min(HEADROOM_RATIO * share, (1 - share) / 2) * height
    below = max(subject[3] - head[1], 1)
    scale = max(share * height / tall, (height - room) / below)
    return Placement((height, width), scale, width / 2 - scale * (head[0] + head[2]) / 2, room - scale * head[1])


def _topmost_box(mask: NDArray[np.bool_]) -> Box | None:
    """The box of what sits on top of the outline, down to where it narrows or widens."""
    rows = np.flatnonzero(mask.any(1))
    sides = _trace_outline(mask, int(rows[0]), int(rows[-1]))
    widths = np.array([right - left for left, right in sides])
    for count in range(max(2, round(MIN_BUMP_HEIGHT_SHARE * len(rows))), len(sides) + 1):
        wide = int(widths[: max(1, round(0.8 * count))].max())
        ends = widths[count - 1] <= MAX_NECK_WIDTH_RATIO * wide or widths[
            count - 1
        ] >= MIN_SHOULDER_WIDTH_RATIO * float(np.median(widths[:count]))
        if count < HEAD_HEIGHT_RATIOS[0] * wide or not ends:
            continue
        if rows[0] == 0 and widths[0] > MAX_TOP_ROW_WIDTH_RATIO * wide:
            return None
        lefts, rights = zip(*sides[: max(1, round(0.9 * count))], strict=True)
        wide = max(rights) - min(lefts)
        tall = max(count, round(HEAD_HEIGHT_RATIOS[1] * wide))
        fits = count <= HEAD_HEIGHT_RATIOS[2] * wide and len(sides) >= (1 + MIN_BODY_HEIGHT_RATIO) * tall
        fits = fits and tall >= MIN_HEAD_SHARE * max(len(rows), int(np.ptp(np.flatnonzero(mask.any(0)))))
        fits = fits and _is_above_shoulders(
            sides[min(len(sides) - 1, round((1 + SHOULDER_OFFSET_RATIO) * tall))], min(lefts), max(rights)
        )
        return (min(lefts), int(rows[0]), max(rights), int(rows[0]) + tall) if fits else None
    return None


def _is_above_shoulders(shoulders: tuple[int, int], left: int, right: int) -> bool:
    """Whether a head between left and right stands over the middle of shoulders as wide as a person's."""
    wide = shoulders[1] - shoulders[0]
    place = ((left + right) / 2 - shoulders[0]) / wide
    return SHOULDER_END_SHARE <= place <= 1 - SHOULDER_END_SHARE and wide <= MAX_SHOULDER_WIDTH_RATIO * (right - left)


def _trace_outline(mask: NDArray[np.bool_], top: int, bottom: int) -> list[tuple[int, int]]:
    """The outline's left and right in each row, from its topmost piece down."""
    run: tuple[int, int] | None = _widest_run(mask[top])
    sides = []
    for y in range(top, bottom + 1):
        assert run is not None
        run = _continue_run(mask[y], run)
        if run is None:
            break
        sides.append(run)
    return sides


def _widest_run(row: NDArray[np.bool_]) -> tuple[int, int]:
    edges = np.flatnonzero(np.diff(row, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    best = int((stops - starts).argmax())
    return int(starts[best]), int(stops[best])


def _continue_run(row: NDArray[np.bool_], run: tuple[int, int]) -> tuple[int, int] | None:
    """The run of this row that goes on from the one above: the one that shares most with it."""
    edges = np.flatnonzero(np.diff(row, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    shared = np.minimum(stops, run[1]) - np.maximum(starts, run[0])
    if not len(shared) or shared.max() <= 0:
        return None
    best = int(shared.argmax())
    return int(starts[best]), int(stops[best])


def _skin_share(rgb: Pixels) -> float:
    """The share of pixels of the chroma of skin, light or dark."""
    r, g, b = (rgb[..., i].astype(np.float32) for i in range(3))
    cb = 128 - 0.168736 * r - 0.331264 * g + 0.5 * b
    cr = 128 + 0.5 * r - 0.418688 * g - 0.081312 * b
    return float(((cb >= 77) & (cb <= 127) & (cr >= 133) & (cr <= 173)).mean())
