"""The box of everything drawn: how far outline and shadow reach beyond the subject, and the canvas that holds them.

A shadow's size depends on the subject's height only, so it is measured on a small copy of the subject. An outline is as
wide as the canvas or the user says; a few iterations find the canvas that it is then drawn on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mattebox.composition.outline import MAX_WIDTH_CELLS, parse_outline_width
from mattebox.composition.placement import Placement, compute_placement
from mattebox.composition.shadow import DEFAULT_LENGTH_PERCENT, render_shadow
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Frame, Outline, Shadow
from mattebox.types import Box, ImageShape, Picture, Pixels

COPY_SIDE_PIXELS = 400  # of the small copy, at most
MAX_CONTACT_BLUR_SIGMAS = 9  # that a contact shadow, the widest blurred, reaches sideways
MIN_DRAWN_SHARE = 0.02  # of full opacity: fainter parts of a shadow may be cut off
MAX_ITERATIONS = 40
OUTLINE_EDGE_PIXELS = 1  # of its antialiased edge; a cell of its reduced grid is added
FULL_ALPHA_SHAPE = (100, 100)

Sides = tuple[float, float, float, float]
"""Left, top, right and bottom."""

NO_REACH: Sides = (0.0, 0.0, 0.0, 0.0)


class DrawnExtent(NamedTuple):
    """How far what is drawn reaches beyond the subject's box.

    Attributes
    ----------
    shadow_reach : Sides
        Of the shadow, as shares of the subject's height.
    outline_width : str
        As the step has it: "2%" of the canvas, or "12px".
    has_outline : Sides
        1 for each side that has an outline, else 0.
    """

    shadow_reach: Sides = NO_REACH
    outline_width: str = "0"
    has_outline: Sides = NO_REACH

    def outlined_box(self, box: Box, width: float) -> Box:
        """The subject's box with its outline, which is `width` pixels of that box wide."""
        return self._expand_box(box, width, 0.0)

    def drawn_box(self, box: Box, width: float) -> Box:
        """The subject's box with everything drawn around it; the shadow falls from the outline, too."""
        return self._expand_box(box, width, box[3] - box[1] + 2 * width)

    def _expand_box(self, box: Box, width: float, height: float) -> Box:
        left, top, right, bottom = (
            side * width + share * height for side, share in zip(self.has_outline, self.shadow_reach, strict=True)
        )
        return (
            math.floor(box[0] - left), math.floor(box[1] - top),
            math.ceil(box[2] + right), math.ceil(box[3] + bottom),
        )  # fmt: skip


def measure_drawn_extent(
    cutout: Picture, box: Box, recipe: Recipe, cut_off_sides: Sides, has_shadow: bool
) -> DrawnExtent:
    """Measure how far a recipe's outline and shadow reach beyond a subject.

    Parameters
    ----------
    cutout
        Either depth; one without alpha has nothing drawn around it.
    box
        The subject's.
    recipe
        With or without the steps `outline` and `shadow`.
    cut_off_sides
        1 for each side where the photograph's rim cuts the subject off: there it ends without an outline or shadow.
    has_shadow
        Whether the subject gets its shadow.
    """
    if cutout.alpha is None:
        return DrawnExtent()
    subject_alpha = cutout.alpha[box[1] : box[3], box[0] : box[2]]
    return _extent_of_alpha(subject_alpha, recipe, cut_off_sides, has_shadow)


def max_canvas_size(shape: ImageShape, recipe: Recipe, frame: Frame) -> ImageShape:
    """Largest (height, width) of the canvas for a picture of this shape, whatever its subject. UsageError."""
    alpha = np.full(FULL_ALPHA_SHAPE, 255, np.uint8)
    extent = _extent_of_alpha(alpha, recipe, NO_REACH, has_shadow=True)
    return place_drawing(shape, (0, 0, shape[1], shape[0]), frame, extent).canvas_size


def place_drawing(source: ImageShape, box: Box, frame: Frame, extent: DrawnExtent) -> Placement:
    """Where a picture of this shape goes, so that everything drawn around its subject lies on the canvas, too.

    UsageError for a frame that makes no sense, or that an outline leaves no room.
    """

    def place(width: float) -> Placement:
        return compute_placement(source, box, frame, extent.outlined_box(box, width), extent.drawn_box(box, width))

    placement, width = place(0), 0.0
    if not any(extent.has_outline):
        return placement
    for _ in range(MAX_ITERATIONS):
        width = parse_outline_width(extent.outline_width, placement.canvas_size)
        width += OUTLINE_EDGE_PIXELS + width / MAX_WIDTH_CELLS
        previous = placement
        placement = place(width / placement.scale)
        if placement.canvas_size == previous.canvas_size and math.isclose(
            placement.scale, previous.scale, rel_tol=1e-3
        ):
            break
    if 2 * width >= min(placement.canvas_size):
        tall, wide = placement.canvas_size
        raise UsageError(
            f"an outline of {extent.outline_width} leaves nothing of {wide} x {tall}",
            "make it narrower, or the canvas larger",
        )
    return placement


def _extent_of_alpha(alpha: Pixels, recipe: Recipe, cut_off_sides: Sides, has_shadow: bool) -> DrawnExtent:
    outline, shadow = recipe.find_step(Outline), recipe.find_step(Shadow)
    width = "0" if outline is None else outline.width
    is_outlined = parse_outline_width(width, (100, 100)) > 0
    reach = NO_REACH if shadow is None or not has_shadow else _shadow_reach(alpha, shadow)
    is_open = [1 - is_cut_off for is_cut_off in cut_off_sides]
    left, top, right, bottom = (share * side for share, side in zip(reach, is_open, strict=True))
    outlined = (is_open[0], is_open[1], is_open[2], is_open[3]) if is_outlined else NO_REACH
    return DrawnExtent((left, top, right, bottom), width, outlined)


def _shadow_reach(alpha: Pixels, step: Shadow) -> Sides:
    """How far the shadow of a subject that fills a plane reaches beyond it, as shares of its height."""
    small = resampling.average_blocks(alpha, max(1, math.ceil(max(alpha.shape) / COPY_SIDE_PIXELS)))
    height, width = small.shape
    length = (step.length or DEFAULT_LENGTH_PERCENT.get(step.kind, 0)) / 100
    margin = math.ceil((length + MAX_CONTACT_BLUR_SIGMAS * step.softness / 100 + 0.1) * height) + 2
    padded = np.pad(small, margin)
    copy = Picture(np.zeros((*padded.shape, 3), np.uint8), padded)
    box = (margin, margin, margin + width, margin + height)
    layer = render_shadow(copy, box, step, (0, 0, 0), is_dithered=False)
    if layer is None or layer.alpha is None:
        return NO_REACH
    is_drawn = layer.alpha > MIN_DRAWN_SHARE * 255
    rows, columns = np.flatnonzero(is_drawn.any(1)), np.flatnonzero(is_drawn.any(0))
    if not rows.size:
        return NO_REACH
    reach = (margin - columns[0], margin - rows[0], columns[-1] + 1 - margin - width, rows[-1] + 1 - margin - height)
    left, top, right, bottom = (max(0.0, float(v)) / height for v in reach)
    return left, top, right, bottom
