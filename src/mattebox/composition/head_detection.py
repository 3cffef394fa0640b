"""Detection of a person's head in the silhouette of a cutout, without a network.

From the top of the silhouette down, the head ends where it narrows to the neck or widens to the shoulders; part of it
must have the colour of skin (range of chroma by Chai & Ngan 1999). Finds people who stand or sit upright, but not
crowds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.silhouette import find_silhouette
from mattebox.io import resampling
from mattebox.types import Box, ImageShape, Picture, Pixels

GRID_SIDE_CELLS = 256  # of the longer side, about
MAX_NECK_WIDTH_RATIO = 0.82  # of the head's width: a narrower row is the neck
MIN_SHOULDER_WIDTH_RATIO = 1.5  # of the head's median width: a wider row is the shoulders
MIN_HEAD_HEIGHT_RATIO, DEFAULT_HEAD_HEIGHT_RATIO, MAX_HEAD_HEIGHT_RATIO = 0.9, 1.3, 2.2  # of the head's width
MIN_BODY_HEIGHT_RATIO = 0.15  # of the head's height: what must lie below it
MIN_BUMP_HEIGHT_SHARE = 0.06  # of the subject's height: a smaller bump is hair or a raised hand
MAX_TOP_ROW_WIDTH_RATIO = 0.75  # of the head's width: wider at the photograph's upper border, it is a body cut off
MIN_SKIN_SHARE = 0.15  # of the head
SHOULDER_OFFSET_RATIO = 0.4  # of the head's height: where shoulders are measured below it
SHOULDER_END_SHARE = 0.2  # of the shoulders' width at either end: no head is above these
MIN_HEAD_SHARE = 0.1  # of the subject's longer side: a smaller head is an ear
MAX_SHOULDER_WIDTH_RATIO = 4.0  # of the head's width: wider shoulders are none, and the head is an ear
FACE_TOP_SHARE, FACE_SIDE_SHARE, FACE_CHIN_SHARE = 0.4, 0.2, 0.05  # of a face's box, that its head reaches beyond it

Run = tuple[int, int]
"""First and one-past-last column of set pixels in a row."""


def head_box(cutout: Picture) -> Box | None:
    """The box of the head, hair included; None when there is none."""
    silhouette = None if cutout.alpha is None else find_silhouette(cutout.alpha, GRID_SIDE_CELLS)
    if silhouette is None:
        return None
    box, cell = _head_in_mask(silhouette.mask), silhouette.cell_pixels
    if box is None:
        return None
    left, top, right, bottom = box
    if _skin_share(resampling.average_blocks(cutout.rgb, cell)[top:bottom, left:right]) < MIN_SKIN_SHARE:
        return None
    height, width = cutout.shape
    return left * cell, top * cell, min(width, right * cell), min(height, bottom * cell)


def head_around_face(face: tuple[float, float, float, float], shape: ImageShape) -> Box:
    """The box of a head, hair included, by that of its face in a picture of (height, width)."""
    left, top, right, bottom = face
    width, height = right - left, bottom - top
    return (
        max(0, round(left - FACE_SIDE_SHARE * width)), max(0, round(top - FACE_TOP_SHARE * height)),
        min(shape[1], round(right + FACE_SIDE_SHARE * width)), min(shape[0], round(bottom + FACE_CHIN_SHARE * height)),
    )  # fmt: skip


def _head_in_mask(mask: NDArray[np.bool_]) -> Box | None:
    """The box of what is on top of the silhouette, if it has a head's proportions."""
    rows = np.flatnonzero(mask.any(1))
    top, subject_height = int(rows[0]), len(rows)
    runs = _trace_outline(mask, top, int(rows[-1]))
    count = _count_head_rows(runs, subject_height)
    if count is None:
        return None
    widths = _widths(runs)
    if top == 0 and widths[0] > MAX_TOP_ROW_WIDTH_RATIO * _head_width(widths, count):
        return None
    lefts, rights = zip(*runs[: max(1, round(0.9 * count))], strict=True)
    left, right = min(lefts), max(rights)
    height = max(count, round(DEFAULT_HEAD_HEIGHT_RATIO * (right - left)))
    has_proportions = count <= MAX_HEAD_HEIGHT_RATIO * (right - left)
    has_body = len(runs) >= (1 + MIN_BODY_HEIGHT_RATIO) * height
    subject_width = int(np.ptp(np.flatnonzero(mask.any(0))))
    is_large = height >= MIN_HEAD_SHARE * max(subject_height, subject_width)
    if not (has_proportions and has_body and is_large):
        return None
    shoulders = runs[min(len(runs) - 1, round((1 + SHOULDER_OFFSET_RATIO) * height))]
    return (left, top, right, top + height) if _is_above_shoulders(shoulders, left, right) else None


def _count_head_rows(runs: list[Run], subject_height: int) -> int | None:
    """Rows from the top to the neck or shoulders; None where the outline neither narrows nor widens."""
    widths = _widths(runs)
    for count in range(max(2, round(MIN_BUMP_HEIGHT_SHARE * subject_height)), len(runs) + 1):
        width, last = _head_width(widths, count), widths[count - 1]
        is_neck = last <= MAX_NECK_WIDTH_RATIO * width
        is_shoulder = last >= MIN_SHOULDER_WIDTH_RATIO * float(np.median(widths[:count]))
        if count >= MIN_HEAD_HEIGHT_RATIO * width and (is_neck or is_shoulder):
            return count
    return None


def _widths(runs: list[Run]) -> NDArray[np.int64]:
    return np.array([right - left for left, right in runs])


def _head_width(widths: NDArray[np.int64], count: int) -> int:
    """The largest width of the first `count` rows, less the last fifth of them."""
    return int(widths[: max(1, round(0.8 * count))].max())


def _is_above_shoulders(shoulders: Run, left: int, right: int) -> bool:
    """Whether a head between left and right is over the middle of shoulders as wide as a person's."""
    width = shoulders[1] - shoulders[0]
    position = ((left + right) / 2 - shoulders[0]) / width
    return SHOULDER_END_SHARE <= position <= 1 - SHOULDER_END_SHARE and width <= MAX_SHOULDER_WIDTH_RATIO * (
        right - left
    )


def _trace_outline(mask: NDArray[np.bool_], top: int, bottom: int) -> list[Run]:
    """The run of each row that continues the one above, from the widest run of the top row down."""
    starts, stops = _find_runs(mask[top])
    best = int((stops - starts).argmax())
    runs = [(int(starts[best]), int(stops[best]))]
    for y in range(top, bottom + 1):
        run = _continue_run(mask[y], runs[-1])
        if run is None:
            break
        runs.append(run)
    return runs[1:]


def _continue_run(row: NDArray[np.bool_], above: Run) -> Run | None:
    """The run of a row that shares most columns with the one above; None when none does."""
    starts, stops = _find_runs(row)
    shared = np.minimum(stops, above[1]) - np.maximum(starts, above[0])
    if not len(shared) or shared.max() <= 0:
        return None
    best = int(shared.argmax())
    return int(starts[best]), int(stops[best])


def _find_runs(row: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and one-past-last columns of the runs of a row."""
    edges = np.flatnonzero(np.diff(row, prepend=False, append=False))
    return edges[::2], edges[1::2]


def _skin_share(rgb: Pixels) -> float:
    """The share of pixels with the chroma of skin, light or dark."""
    r, g, b = (rgb[..., i].astype(np.float32) for i in range(3))
    cb = 128 - 0.168736 * r - 0.331264 * g + 0.5 * b
    cr = 128 + 0.5 * r - 0.418688 * g - 0.081312 * b
    return float(((cb >= 77) & (cb <= 127) & (cr >= 133) & (cr <= 173)).mean())
