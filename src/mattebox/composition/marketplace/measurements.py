"""What a listing's picture measures: its background, how much the subject fills, a border, writing beside the subject.

All without a network: a listing shows its subject before a plain ground, and that is what is measured. Knows no rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.visible_bounds import GRID_SIDE_CELLS, contrasting_box
from mattebox.core.connected_components import Component, dilate, label_components
from mattebox.io import resampling
from mattebox.types import Box, Pixels

MIN_WHITE_LEVEL = 248  # 0..255: darker than this in any channel is no white ground
JPEG_RINGING_LEVELS = 6  # steps of 255 by which a JPEG's coding disturbs white beside an edge
SUBJECT_MARGIN_SHARE = 0.03  # of the longer side: how far beside the subject that may be
MIN_TEXT_DISTANCE_SHARE = 0.02  # of the longer side: what is nearer to the subject is a part of it
MIN_LETTER_HEIGHT_SHARE = 0.01  # of the longer side: smaller marks are no writing
MAX_INK_LEVEL = 232  # 0..255: marks without anything darker are haze, which nobody reads on white
MIN_MARKS_IN_ROW = 4  # marks in a row from which it may be writing


@dataclass(frozen=True)
class BackgroundWhiteness:
    """`white_share` = share 0..1 of the ground that is exactly white; `darkest_level` its darkest channel, 0..255; `border_white_share` = share of
    the picture's outermost pixels that belong to it."""

    white_share: float
    darkest_level: int
    border_white_share: float


def measure_background(rgb: Pixels, box: Box) -> BackgroundWhiteness:
    """The ground around a subject's box."""
    darkest = resampling.to_eight_bit(rgb).min(2)
    outside = np.ones(darkest.shape, bool)
    margin = max(1, round(SUBJECT_MARGIN_SHARE * max(darkest.shape)))
    outside[max(0, box[1] - margin) : box[3] + margin, max(0, box[0] - margin) : box[2] + margin] = False
    edge = np.concatenate([darkest[0], darkest[-1], darkest[:, 0], darkest[:, -1]])
    rim = float((edge >= 255 - JPEG_RINGING_LEVELS).mean())
    if not outside.any():
        return BackgroundWhiteness(float((edge == 255).mean()), int(edge.min()), rim)
    around = darkest[outside]
    return BackgroundWhiteness(float((around == 255).mean()), int(around.min()), rim)


def subject_box_on_white(rgb: Pixels) -> Box:
    """Left, top, right, bottom of what stands on a white ground, dust left out; the whole when nothing stands out."""
    white = int(np.iinfo(rgb.dtype).max)
    return contrasting_box(rgb, (white, white, white)) or (0, 0, rgb.shape[1], rgb.shape[0])


def fill_share(box: Box, width: int, height: int) -> float:
    """How much of the frame the subject fills along the side where it fills most, 0..1."""
    return max((box[2] - box[0]) / width, (box[3] - box[1]) / height)


def has_border(rgb: Pixels) -> bool:
    """Whether a line of one colour runs around the picture that what lies inside it does not have."""
    small = resampling.to_eight_bit(rgb)
    inset = max(4, round(0.06 * min(small.shape[:2])))
    if min(small.shape[:2]) < 4 * inset:
        return False
    lines = [small[0], small[-1], small[:, 0], small[:, -1]]
    within = [small[inset], small[-1 - inset], small[:, inset], small[:, -1 - inset]]
    colour = np.median(np.concatenate(lines), axis=0)
    even = all((np.abs(line - colour).max(1) <= 10).mean() > 0.97 for line in lines)
    same = all((np.abs(line - colour).max(1) <= 10).mean() > 0.5 for line in within)
    return bool(even and not same and colour.min() < MIN_WHITE_LEVEL)


def count_text_marks(rgb: Pixels) -> int:
    """How many marks stand in a row beside the subject, as letters do: 0, or at least four."""
    darkest = _darkest_channel(rgb)
    labels, parts = label_components(darkest < MIN_WHITE_LEVEL)
    if not parts:
        return 0
    near = dilate(labels == 1, max(1, round(MIN_TEXT_DISTANCE_SHARE * max(labels.shape))))
    beside = set(np.unique(labels[darkest < MAX_INK_LEVEL])) - set(np.unique(labels[near]))
    letters = [
        p.box for i, p in enumerate(parts) if i + 1 in beside and _is_letter_like(p, parts[0].area, max(labels.shape))
    ]
    most = max((sum(_are_in_a_row(first, box) for box in letters) for first in letters), default=0)
    return most if most >= MIN_MARKS_IN_ROW else 0


def _is_letter_like(component: Component, subject_area: int, longer_side: int) -> bool:
    """Small beside the subject, large enough to read, and about as wide as it is tall."""
    wide, tall = component.box[2] - component.box[0], component.box[3] - component.box[1]
    return (
        component.area < 0.1 * subject_area and tall >= MIN_LETTER_HEIGHT_SHARE * longer_side and 0.08 < wide / tall < 3
    )


def _are_in_a_row(first: Box, other: Box) -> bool:
    """Whether two marks are on one line and of one size."""
    tall, middle = first[3] - first[1], (first[1] + first[3]) / 2
    return abs((other[1] + other[3]) / 2 - middle) < 0.6 * tall and 0.5 < (other[3] - other[1]) / tall < 2


def _darkest_channel(rgb: Pixels) -> NDArray[np.uint8]:
    """The darkest channel of each pixel, 0..255, in a picture reduced to GRID."""
    step = max(1, round(max(rgb.shape[:2]) / GRID_SIDE_CELLS))
    darkest: NDArray[np.uint8] = resampling.average_blocks(rgb, step).min(2)
    return darkest
