"""Composition of a cutout into layers: framed, outlined, with its shadow beneath it and a background behind.

The order: everything is moved to the canvas first; the outline then belongs to the subject, the shadow falls from both,
and the background comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np

from mattebox.composition import backdrop, background_spec, deskew, outline, placement
from mattebox.composition.background_blur import blur_background
from mattebox.composition.background_spec import BackgroundSpec
from mattebox.composition.composition import Composition
from mattebox.composition.drawn_extent import DrawnExtent, measure_drawn_extent, place_drawing
from mattebox.composition.frame_spec import parse_position
from mattebox.composition.head_detection import head_around_face, head_box
from mattebox.composition.head_framing import place_around_head
from mattebox.composition.opaque_colour import parse_opaque_colour, parse_picture_colour
from mattebox.composition.placement import Placement
from mattebox.composition.shadow_layer import GROUND_SHADOW_KINDS, add_shadow
from mattebox.composition.visible_bounds import visible_box
from mattebox.io import colour
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Frame, Outline, Shadow
from mattebox.types import Box, OpenImage, Picture, Pixels, subject_box

MIN_REPORTED_ENLARGEMENT = 1.15
MIN_CUT_OFF_HEIGHT_SHARE = 0.995  # of a photograph's height: a subject that reaches farther down is cut off

FindFace = Callable[[Picture], tuple[float, float, float, float] | None]
"""A cutout -> left, top, right and bottom of its largest face; None where there is none."""


def check_composition(recipe: Recipe, open_image: OpenImage) -> None:
    """UsageError for steps that suit no photograph, InputError for a background that cannot be read."""
    for step in recipe.steps:
        if isinstance(step, Frame):
            placement.check_frame(step)
        elif isinstance(step, Outline):
            outline.parse_outline_width(step.width, (100, 100))
            parse_opaque_colour(step.colour)
        elif isinstance(step, Shadow):
            parse_opaque_colour(step.colour)
        elif isinstance(step, Background):
            spec = background_spec.parse_background(step.paint)
            parse_position(step.align)
            if isinstance(spec, background_spec.BackgroundImage):
                open_image(spec.path)


def compose_layers(
    photograph: Picture,
    cutout: Picture,
    box: Box,
    recipe: Recipe,
    open_image: OpenImage,
    find_face: FindFace | None = None,
) -> Composition:
    """Apply the composition steps of a recipe.

    Parameters
    ----------
    photograph
        With its background.
    cutout
        Its subject, of the same size.
    box
        The subject's.
    recipe
        Steps other than of composition are ignored.
    open_image
        Opens pictures that the recipe names.
    find_face
        Finds the largest face, where a frame is to go around a head and the silhouette shows none.
    """
    frame, background = recipe.find_step(Frame), recipe.find_step(Background)
    spec = None if background is None else background_spec.parse_background(background.paint)
    is_cut_off = photograph.alpha is None and box[3] >= MIN_CUT_OFF_HEIGHT_SHARE * photograph.shape[0]
    angle = deskew.rotation_degrees((frame or Frame()).rotate, cutout)
    subject, box, offset = _rotate_cutout(cutout, box, angle)
    if frame is not None or recipe.find_step(Shadow) is not None:
        box = _visible_subject_box(subject, box, spec)
    extent = _drawn_extent(subject, box, recipe, photograph, is_cut_off)
    composition, subject_placement = _frame_subject(subject, box, frame, extent, find_face)
    composition = replace(composition, rotation_degrees=angle, placement=subject_placement)
    if subject.shape == photograph.shape and offset == (0, 0):
        composition = replace(composition, photograph_bounds=subject_placement.photograph_bounds(photograph.shape))
    if (edge := recipe.find_step(Outline)) is not None:
        composition = _add_outline(composition, edge)
    if (shadow := recipe.find_step(Shadow)) is not None:
        composition = add_shadow(composition, shadow, is_cut_off)
    if background is None or composition.subject.alpha is None:
        return composition
    pixels, alpha = _render_backdrop(
        background, spec, photograph, cutout, composition.subject, subject_placement.shift(offset), open_image
    )
    layer = None if pixels is None else composition.subject.with_pixels(pixels, alpha)
    return replace(composition, backdrop=layer, blend=background.blend)


def _rotate_cutout(cutout: Picture, box: Box, angle: float) -> tuple[Picture, Box, tuple[int, int]]:
    """The rotated cutout, the subject's box in it, and how far (right, down) the photograph's middle has moved."""
    if not angle:
        return cutout, box, (0, 0)
    rotated, offset = deskew.rotate_picture(cutout, angle)
    assert rotated.alpha is not None
    return rotated, subject_box(rotated.alpha), offset


def _drawn_extent(subject: Picture, box: Box, recipe: Recipe, photograph: Picture, is_cut_off: bool) -> DrawnExtent:
    """How far outline and shadow reach beyond the subject. They end with it at the rim of an opaque photograph."""
    shadow, width = recipe.find_step(Shadow), subject.shape[1]
    cut_off_sides = (0.0, 0.0, 0.0, 0.0)
    if photograph.alpha is None and subject.shape == photograph.shape:
        cut_off_sides = (float(box[0] <= 0), float(box[1] <= 0), float(box[2] >= width), float(is_cut_off))
    has_shadow = shadow is not None and not (is_cut_off and shadow.kind in GROUND_SHADOW_KINDS)
    return measure_drawn_extent(subject, box, recipe, cut_off_sides, has_shadow)


def _frame_subject(
    subject: Picture, box: Box, frame: Frame | None, extent: DrawnExtent, find_face: FindFace | None
) -> tuple[Composition, Placement]:
    """The subject on its canvas, and where it is there."""
    if frame is None:
        return Composition(subject, box), Placement(subject.shape, 1.0, 0.0, 0.0)
    if frame.rest == "clear":
        subject = placement.clear_outside_box(subject, box)
    subject, subject_placement = _place_cutout(subject, box, frame, extent, find_face)
    canvas = placement.apply_placement(subject, subject_placement)
    composition = Composition(canvas, subject_placement.map_box(box))
    if subject_placement.scale >= MIN_REPORTED_ENLARGEMENT:
        note = f"enlarged {subject_placement.scale:.1f} times; a larger photograph would be sharper"
        composition = composition.add_note(note)
    return composition, subject_placement


def _place_cutout(
    cutout: Picture, box: Box, frame: Frame, extent: DrawnExtent, find_face: FindFace | None
) -> tuple[Picture, Placement]:
    """Where the frame puts the cutout, with a note where there is no head to frame it by."""
    if frame.around == "head":
        head = head_box(cutout)
        if head is None and find_face is not None and (face := find_face(cutout)) is not None:
            head = head_around_face(face, cutout.shape)
        if head is not None:
            return cutout, place_around_head(box, head, frame)
        cutout = replace(cutout, notes=(*cutout.notes, "no head found: framed by the subject"))
        frame = msgspec.structs.replace(frame, crop="subject", fill="any")
    return cutout, place_drawing(cutout.shape, box, frame, extent)


def _add_outline(composition: Composition, step: Outline) -> Composition:
    width = outline.parse_outline_width(step.width, composition.subject.shape)
    subject = outline.add_outline(composition.subject, width, parse_picture_colour(step.colour, composition.subject))
    return replace(composition, subject=subject, box=_expand_box(composition.box, width, subject))


def _render_backdrop(
    step: Background,
    spec: BackgroundSpec | None,
    photograph: Picture,
    cutout: Picture,
    canvas: Picture,
    photograph_placement: Placement,
    open_image: OpenImage,
) -> tuple[Pixels | None, Pixels | None]:
    """The backdrop's colours, None for transparent; and its alpha, None for opaque."""
    if spec is None:
        return None, None
    if isinstance(spec, background_spec.BackgroundImage):
        return backdrop.fit_image(open_image(spec.path), canvas, step.fit, parse_position(step.align)), None
    if isinstance(spec, background_spec.BackgroundBlur):
        subject_alpha = cutout.alpha if cutout.alpha is not None else np.zeros(cutout.shape, cutout.bit_depth.dtype)
        return blur_background(photograph, subject_alpha, photograph_placement, spec.radius), None
    alpha = None
    if isinstance(spec, background_spec.FlatColour) and spec.alpha < 255:
        alpha = np.full(canvas.shape, spec.alpha * (canvas.bit_depth.peak // 255), canvas.bit_depth.dtype)
    return backdrop.render_backdrop(spec, canvas), alpha


def _visible_subject_box(cutout: Picture, box: Box, spec: BackgroundSpec | None) -> Box:
    """The subject's box; before an opaque flat colour, the part of it that is visible."""
    if not isinstance(spec, background_spec.FlatColour) or spec.alpha < 255 or cutout.alpha is None:
        return box
    return visible_box(cutout, colour.colour_from_srgb(spec.colour, cutout.profile, cutout.bit_depth), box)


def _expand_box(box: Box, margin: float, picture: Picture) -> Box:
    n = round(margin)
    return max(0, box[0] - n), max(0, box[1] - n), min(picture.shape[1], box[2] + n), min(picture.shape[0], box[3] + n)
