"""A cutout arranged: framed, outlined, with its shadow beneath and something behind, each a layer of its own.

The order of composing: first everything moves to the canvas, then the outline belongs to the subject, then the shadow
falls from both, then comes what lies behind. Knows nothing of how the cutout came about or what is done with layers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import numpy as np

from mattebox.composition import backdrop, background_spec, deskew, head_framing, outline, placement
from mattebox.composition.alpha_compositing import BlendSpace, composite_over
from mattebox.composition.background_blur import blur_background
from mattebox.composition.shadow import render_shadow
from mattebox.composition.visible_bounds import visible_box
from mattebox.core.connected_components import subject_box
from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Frame, Outline, Shadow
from mattebox.types import Box, Layer, OpenImage, Picture, Pixels

MIN_REPORTED_ENLARGEMENT = 1.15  # from here on it shows
MIN_CUT_OFF_HEIGHT_SHARE = 0.995  # of a photograph's height: what reaches farther down is cut off there
MIN_VISIBLE_SHADOW_SHARE = 0.06  # of full darkness: a shadow that ends so dark ends visibly
GROUND_SHADOW_KINDS = ("contact", "cast", "reflection")  # shadows of what stands


@dataclass(frozen=True, eq=False)
class Composition:
    """Layers of one size, depth and profile, from the top: `subject` (with its outline), `shadow`, `backdrop`. `box` is
    the subject's."""

    subject: Picture
    box: Box
    shadow: Picture | None = None
    backdrop: Picture | None = None
    blend: BlendSpace = "encoded"

    def layers(self) -> tuple[Layer, ...]:
        """From the bottom: background, shadow, subject; only those there are."""
        found = [] if self.backdrop is None else [Layer("background", self.backdrop)]
        found += [] if self.shadow is None else [Layer("shadow", self.shadow)]
        return (*found, Layer("subject", self.subject))

    def flatten(self) -> Picture:
        """All layers in one picture: opaque when there is an opaque backdrop."""
        shown = self.subject if self.shadow is None else composite_over(self.subject, self.shadow, self.blend)
        return shown if self.backdrop is None else composite_over(shown, self.backdrop, self.blend)


def check_composition(recipe: Recipe, open_image: OpenImage) -> None:
    """UsageError for whatever no photograph could mend, InputError for a backdrop that cannot be read."""
    for step in recipe.steps:
        if isinstance(step, Frame):
            placement.check_frame(step)
        elif isinstance(step, Outline):
            outline.parse_outline_width(step.width, (100, 100))
            _parse_opaque_colour(step.colour)
        elif isinstance(step, Shadow):
            _parse_opaque_colour(step.colour)
        elif isinstance(step, Background):
            wanted = background_spec.parse_background(step.paint)
            placement.parse_position(step.align)
            if isinstance(wanted, background_spec.BackgroundImage):
                open_image(wanted.path)


def compose_layers(
    photograph: Picture, cutout: Picture, box: Box, recipe: Recipe, open_image: OpenImage
) -> Composition:
    """The recipe's composing steps. `cutout` has the photograph's size; `open_image` opens pictures named by the recipe."""
    framing = recipe.find_step(Frame) or Frame()
    cut_off = photograph.alpha is None and box[3] >= MIN_CUT_OFF_HEIGHT_SHARE * photograph.shape[0]
    stood, box, moved = _rotate_cutout(cutout, box, framing)
    box = _visible_subject_box(stood, box, recipe)
    if framing.rest == "clear":
        stood = placement.clear_outside_box(stood, box)
    scene, at = Composition(stood, box), placement.Placement(stood.shape, 1.0, 0.0, 0.0)
    if recipe.find_step(Frame):
        stood, at = _place_cutout(stood, box, framing)
        scene = Composition(_note_enlargement(placement.apply_placement(stood, at), at.scale), at.map_box(box))
    if (edge := recipe.find_step(Outline)) is not None:
        width = outline.parse_outline_width(edge.width, scene.subject.shape)
        subject = outline.add_outline(scene.subject, width, _parse_picture_colour(edge.colour, cutout))
        scene = replace(scene, subject=subject, box=_expand_box(scene.box, width, subject))
    if (dark := recipe.find_step(Shadow)) is not None:
        scene = _add_shadow(scene, dark, cut_off, _parse_picture_colour(dark.colour, cutout))
    behind = recipe.find_step(Background)
    if behind is None or scene.subject.alpha is None:
        return scene
    pixels, alpha = _render_backdrop(behind, photograph, cutout, scene.subject, at.shift(moved), open_image)
    laid = None if pixels is None else scene.subject.with_pixels(pixels, alpha)
    return replace(scene, backdrop=laid, blend=behind.blend)


def _rotate_cutout(cutout: Picture, box: Box, framing: Frame) -> tuple[Picture, Box, tuple[int, int]]:
    """The cutout turned as the frame asks, the subject's box in it, and how far the photograph's middle has moved."""
    angle = deskew.rotation_degrees(framing.rotate, cutout)
    if not angle:
        return cutout, box, (0, 0)
    stood, moved = deskew.rotate_picture(cutout, angle)
    assert stood.alpha is not None
    return stood, subject_box(stood.alpha), moved


def _place_cutout(cutout: Picture, box: Box, framing: Frame) -> tuple[Picture, placement.Placement]:
    """Where the frame puts the cutout, which says so when it has no head to go by."""
    if framing.around == "head":
        found = head_framing.head_box(cutout)
        if found is not None:
            return cutout, head_framing.place_around_head(box, found, framing)
        cutout = replace(cutout, notes=(*cutout.notes, "no head found: framed by the subject"))
        framing = msgspec.structs.replace(framing, crop="subject", fill="any")
    return cutout, placement.compute_placement(cutout.shape, box, framing)


def _add_shadow(
    composition: Composition, step: Shadow, is_cut_off: bool, shadow_colour: colour.RgbColour
) -> Composition:
    """With its shadow; a subject that the photograph cuts off below stands on no ground, and that is said."""
    if is_cut_off and step.kind in GROUND_SHADOW_KINDS:
        return _add_note(composition, "cut off by the photograph's lower rim: it has no shadow on the ground")
    layer = render_shadow(composition.subject, composition.box, step, shadow_colour)
    made = replace(composition, shadow=layer)
    if (
        layer is None
        or layer.alpha is None
        or int(layer.alpha[-1].max()) < MIN_VISIBLE_SHADOW_SHARE * layer.bit_depth.peak
    ):
        return made
    return _add_note(made, "its shadow runs out of the picture; give it room below with --margin or --position")


def _add_note(composition: Composition, note: str) -> Composition:
    return replace(composition, subject=replace(composition.subject, notes=(*composition.subject.notes, note)))


def _render_backdrop(
    step: Background,
    photograph: Picture,
    cutout: Picture,
    canvas: Picture,
    subject_placement: placement.Placement,
    open_image: OpenImage,
) -> tuple[Pixels | None, Pixels | None]:
    """The colours of the backdrop that the step asks for, None for transparent; and their alpha, None for opaque."""
    wanted = background_spec.parse_background(step.paint)
    if wanted is None:
        return None, None
    if isinstance(wanted, background_spec.BackgroundImage):
        return backdrop.fit_image(open_image(wanted.path), canvas, step.fit, placement.parse_position(step.align)), None
    if isinstance(wanted, background_spec.BackgroundBlur):
        hidden = cutout.alpha if cutout.alpha is not None else np.zeros(cutout.shape, cutout.bit_depth.dtype)
        return blur_background(photograph, hidden, subject_placement, wanted.radius), None
    alpha = None
    if isinstance(wanted, background_spec.FlatColour) and wanted.alpha < 255:
        alpha = np.full(canvas.shape, wanted.alpha * (canvas.bit_depth.peak // 255), canvas.bit_depth.dtype)
    return backdrop.render_backdrop(wanted, canvas), alpha


def _visible_subject_box(cutout: Picture, box: Box, recipe: Recipe) -> Box:
    """The subject's box, before a flat ground only as far as it is seen, where something goes by it."""
    if recipe.find_step(Frame) is None and recipe.find_step(Shadow) is None:
        return box
    behind = recipe.find_step(Background)
    wanted = None if behind is None else background_spec.parse_background(behind.paint)
    if not isinstance(wanted, background_spec.FlatColour) or wanted.alpha < 255 or cutout.alpha is None:
        return box
    return visible_box(cutout, colour.colour_from_srgb(wanted.colour, cutout.profile, cutout.bit_depth), box)


def _note_enlargement(picture: Picture, scale: float) -> Picture:
    """Says it when detail was made up."""
    if scale < MIN_REPORTED_ENLARGEMENT:
        return picture
    return replace(picture, notes=(*picture.notes, f"enlarged {scale:.1f} times; a larger photograph would be sharper"))


def _expand_box(box: Box, margin: float, picture: Picture) -> Box:
    n = round(margin)
    return max(0, box[0] - n), max(0, box[1] - n), min(picture.shape[1], box[2] + n), min(picture.shape[0], box[3] + n)


def _parse_opaque_colour(text: str) -> colour.RgbColour:
    found = colour.parse_colour(text)
    if found is None:
        raise UsageError(f"the colour {text!r} of an outline or a shadow", "give an opaque colour")
    return found


def _parse_picture_colour(text: str, picture: Picture) -> colour.RgbColour:
    return colour.colour_from_srgb(_parse_opaque_colour(text), picture.profile, picture.bit_depth)
