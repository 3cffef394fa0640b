"""Measurements of a product picture: its background, the subject's fill, a border, and text beside the subject.

Without a network: such a picture shows its subject before a plain white background, and that is what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.composition.visible_bounds import GRID_SIDE_CELLS, contrasting_box
from mattebox.core.connected_components import Component, dilate, label_components
from mattebox.io import resampling
from mattebox.types import Box, Pixels

GRID_STEP = 4  # of pixels that the median colour is taken from
MIN_WHITE_LEVEL = 248  # 0..255: a background darker than this in any channel is not white
JPEG_RINGING_LEVELS = 6  # of 255: by which JPEG disturbs white beside an edge
SUBJECT_MARGIN_SHARE = 0.03  # of the longer side: how far from the subject that may be
MIN_TEXT_DISTANCE_SHARE = 0.02  # of the longer side: what is nearer to the subject is part of it
MIN_LETTER_HEIGHT_SHARE = 0.01  # of the longer side
MAX_INK_LEVEL = 232  # 0..255: marks without anything darker are not legible on white
MIN_MARKS_IN_ROW = 4  # from which they may be text
BORDER_INSET_SHARE = 0.06  # of the shorter side: what lies inside a border
MAX_INSIDE_SHARE = 0.25  # of a line inside a border: more of its colour is a background
BORDER_COLOUR_TOLERANCE = 10  # levels of 255


@dataclass(frozen=True)
class BackgroundWhiteness:
    """How white a background is.

    Attributes
    ----------
    white_share
        Share 0..1 of the background that is exactly white.
    darkest_level
        Its darkest channel, 0..255.
    border_white_share
        Share 0..1 of the picture's outermost pixels that are white.
    """

    white_share: float
    darkest_level: int
    border_white_share: float


def measure_background(rgb: Pixels, box: Box) -> BackgroundWhiteness:
    """Measure the background around a subject's box."""
    darkest = resampling.to_eight_bit(rgb).min(2)
    outside = np.ones(darkest.shape, bool)
    margin = max(1, round(SUBJECT_MARGIN_SHARE * max(darkest.shape)))
    outside[max(0, box[1] - margin) : box[3] + margin, max(0, box[0] - margin) : box[2] + margin] = False
    edge = np.concatenate([darkest[0], darkest[-1], darkest[:, 0], darkest[:, -1]])
    border_white_share = float((edge >= 255 - JPEG_RINGING_LEVELS).mean())
    background = darkest[outside] if outside.any() else edge
    return BackgroundWhiteness(float((background == 255).mean()), int(background.min()), border_white_share)


def subject_box_on_white(rgb: Pixels) -> Box | None:
    """The box of what stands out from white, dust left out; None when nothing does, or all is of one colour."""
    white = int(np.iinfo(rgb.dtype).max)
    red, green, blue = (int(v) for v in np.median(rgb[::GRID_STEP, ::GRID_STEP].reshape(-1, 3), axis=0))
    if contrasting_box(rgb, (red, green, blue)) is None:
        return None
    return contrasting_box(rgb, (white, white, white))


def fill_share(box: Box, width: int, height: int) -> float:
    """The share 0..1 of the frame that the subject fills, along the side where it fills most."""
    return max((box[2] - box[0]) / width, (box[3] - box[1]) / height)


def has_border(rgb: Pixels) -> bool:
    """Whether a line of one colour runs around the picture, which what lies inside it does not have.

    A plain background is none: it goes on inside, beside what is photographed, on one side at least.
    """
    pixels = resampling.to_eight_bit(rgb)
    inset = max(4, round(BORDER_INSET_SHARE * min(pixels.shape[:2])))
    if min(pixels.shape[:2]) < 4 * inset:
        return False
    outer = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    inner = [pixels[inset], pixels[-1 - inset], pixels[:, inset], pixels[:, -1 - inset]]
    colour = np.median(np.concatenate(outer), axis=0)
    is_uniform = all(_colour_share(line, colour) > 0.97 for line in outer)
    continues_inside = any(_colour_share(line, colour) > MAX_INSIDE_SHARE for line in inner)
    return bool(is_uniform and not continues_inside and colour.min() < MIN_WHITE_LEVEL)


def _colour_share(line: NDArray[np.uint8], colour: NDArray[np.float64]) -> float:
    """The share 0..1 of pixels that have a colour, about."""
    return float((np.abs(line - colour).max(1) <= BORDER_COLOUR_TOLERANCE).mean())


def count_text_marks(rgb: Pixels, is_pale: bool = False) -> int:
    """How many letter-like marks stand in a row beside the subject: 0, or at least `MIN_MARKS_IN_ROW`.

    They are dark enough to read, or, `is_pale`, too pale for that, as those of watermarks.
    """
    darkest = _reduced_darkest_channel(rgb)
    labels, components = label_components(darkest < MIN_WHITE_LEVEL)
    if not components:
        return 0
    near_subject = dilate(labels == 1, max(1, round(MIN_TEXT_DISTANCE_SHARE * max(labels.shape))))
    with_ink = set(np.unique(labels[darkest < MAX_INK_LEVEL]))
    marks = set(range(1, len(components) + 1)) - with_ink if is_pale else with_ink
    beside = marks - set(np.unique(labels[near_subject]))
    letters = [
        component.box
        for label, component in enumerate(components, 1)
        if label in beside and _is_letter_like(component, components[0].area, max(labels.shape))
    ]
    longest = max((sum(_are_in_a_row(first, box) for box in letters) for first in letters), default=0)
    return longest if longest >= MIN_MARKS_IN_ROW else 0


def _is_letter_like(component: Component, subject_area: int, longer_side: int) -> bool:
    """Small compared with the subject, large enough to read, and about as wide as it is tall."""
    wide, tall = component.box[2] - component.box[0], component.box[3] - component.box[1]
    is_small = component.area < 0.1 * subject_area
    return is_small and tall >= MIN_LETTER_HEIGHT_SHARE * longer_side and 0.08 < wide / tall < 3


def _are_in_a_row(first: Box, other: Box) -> bool:
    """Whether two marks are on one line and of about one size."""
    tall, middle = first[3] - first[1], (first[1] + first[3]) / 2
    return abs((other[1] + other[3]) / 2 - middle) < 0.6 * tall and 0.5 < (other[3] - other[1]) / tall < 2


def _reduced_darkest_channel(rgb: Pixels) -> NDArray[np.uint8]:
    """The darkest channel, 0..255, of the reduced picture."""
    step = max(1, round(max(rgb.shape[:2]) / GRID_SIDE_CELLS))
    darkest: NDArray[np.uint8] = resampling.average_blocks(rgb, step).min(2)
    return darkest
