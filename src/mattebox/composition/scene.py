"""A cutout arranged: framed, outlined, with its shadow beneath and something behind, each a layer of its own.

The order of composing: first everything moves to the canvas, then the outline belongs to the subject, then the shadow
falls from both, then comes what lies behind. Knows nothing of how the cutout came about or what is done with layers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from mattebox.composition import backdrop, background_spec, deskew, head_framing, outline, placement
from mattebox.composition.alpha_compositing import Space, over
from mattebox.composition.background_blur import out_of_focus
from mattebox.composition.shadow import shadow
from mattebox.composition.visible_bounds import seen_box
from mattebox.core.connected_components import subject_box
from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.recipe.recipe import Background, Frame, Outline, Recipe, Shadow
from mattebox.types import Box, Layer, Picture, Pixels

ENLARGED = 1.15  # from here on it shows
RIM = 0.995  # of a photograph's height: what reaches farther down is cut off there
ENDS = 0.06  # of full darkness: a shadow that ends so dark ends visibly
GROUND = ("contact", "cast", "reflection")  # shadows of what stands

Album = Callable[[str], Picture]  # the path of a picture of one's own -> the picture


@dataclass(frozen=True, eq=False)
class Scene:
    """Layers of one size, depth and profile, from the top: `subject` (with its outline), `shadow`, `backdrop`. `box` is
    the subject's."""

    subject: Picture
    box: Box
    shadow: Picture | None = None
    backdrop: Picture | None = None
    blend: Space = "encoded"

    def layers(self) -> tuple[Layer, ...]:
        """From the bottom: background, shadow, subject; only those there are."""
        found = [] if self.backdrop is None else [Layer("background", self.backdrop)]
        found += [] if self.shadow is None else [Layer("shadow", self.shadow)]
        return (*found, Layer("subject", self.subject))

    def flat(self) -> Picture:
        """All layers in one picture: opaque when there is an opaque backdrop."""
        shown = self.subject if self.shadow is None else over(self.subject, self.shadow, self.blend)
        return shown if self.backdrop is None else over(shown, self.backdrop, self.blend)


def check(recipe: Recipe, album: Album) -> None:
    """UsageError for whatever no photograph could mend, InputError for a backdrop that cannot be read."""
    for step in recipe.steps:
        if isinstance(step, Frame):
            placement.check(step)
        elif isinstance(step, Outline):
            outline.pixels(step.width, (100, 100))
            _opaque(step.colour)
        elif isinstance(step, Shadow):
            _opaque(step.colour)
        elif isinstance(step, Background):
            wanted = background_spec.parse(step.paint)
            placement.aligned(step.align)
            if isinstance(wanted, background_spec.Image):
                album(wanted.path)


def arrange(photograph: Picture, cutout: Picture, box: Box, recipe: Recipe, album: Album) -> Scene:
    """The recipe's composing steps. `cutout` has the photograph's size; `album` opens pictures named by the recipe."""
    framing = recipe.find(Frame) or Frame()
    cut_off = photograph.alpha is None and box[3] >= RIM * photograph.size[0]
    stood, box, moved = _stood(cutout, box, framing)
    box = _shown(stood, box, recipe)
    if framing.rest == "clear":
        stood = placement.cleared(stood, box)
    scene, at = Scene(stood, box), placement.Placement(stood.size, 1.0, 0.0, 0.0)
    if recipe.find(Frame):
        stood, at = _placed(stood, box, framing)
        scene = Scene(_noted(placement.apply(stood, at), at.scale), at.moved(box))
    if (edge := recipe.find(Outline)) is not None:
        width = outline.pixels(edge.width, scene.subject.size)
        subject = outline.outlined(scene.subject, width, _exact(edge.colour, cutout))
        scene = replace(scene, subject=subject, box=_grown(scene.box, width, subject))
    if (dark := recipe.find(Shadow)) is not None:
        scene = _shaded(scene, dark, cut_off, _exact(dark.colour, cutout))
    behind = recipe.find(Background)
    if behind is None or scene.subject.alpha is None:
        return scene
    pixels, alpha = _behind(behind, photograph, cutout, scene.subject, at.shifted(moved), album)
    laid = None if pixels is None else scene.subject.with_pixels(pixels, alpha)
    return replace(scene, backdrop=laid, blend=behind.blend)


def _stood(cutout: Picture, box: Box, framing: Frame) -> tuple[Picture, Box, tuple[int, int]]:
    """The cutout turned as the frame asks, the subject's box in it, and how far the photograph's middle has moved."""
    angle = deskew.degrees(framing.rotate, cutout)
    if not angle:
        return cutout, box, (0, 0)
    stood, moved = deskew.turned(cutout, angle)
    assert stood.alpha is not None
    return stood, subject_box(stood.alpha), moved


def _placed(cutout: Picture, box: Box, framing: Frame) -> tuple[Picture, placement.Placement]:
    """Where the frame puts the cutout, which says so when it has no head to go by."""
    if framing.around == "head":
        found = head_framing.head_box(cutout)
        if found is not None:
            return cutout, head_framing.around_head(box, found, framing)
        cutout = replace(cutout, notes=(*cutout.notes, "no head found: framed by the subject"))
        framing = msgspec.structs.replace(framing, crop="subject", fill="any")
    return cutout, placement.place(cutout.size, box, framing)


def _shaded(scene: Scene, step: Shadow, cut_off: bool, shade: colour.Colour) -> Scene:
    """With its shadow; a subject that the photograph cuts off below stands on no ground, and that is said."""
    if cut_off and step.kind in GROUND:
        return _remarked(scene, "cut off by the photograph's lower rim: it has no shadow on the ground")
    layer = shadow(scene.subject, scene.box, step, shade)
    made = replace(scene, shadow=layer)
    if layer is None or layer.alpha is None or int(layer.alpha[-1].max()) < ENDS * layer.depth.peak:
        return made
    return _remarked(made, "its shadow runs out of the picture; give it room below with --margin or --position")


def _remarked(scene: Scene, note: str) -> Scene:
    return replace(scene, subject=replace(scene.subject, notes=(*scene.subject.notes, note)))


def _behind(
    step: Background, photograph: Picture, cutout: Picture, canvas: Picture, at: placement.Placement, album: Album
) -> tuple[Pixels | None, Pixels | None]:
    """The colours of the backdrop that the step asks for, None for transparent; and their alpha, None for opaque."""
    wanted = background_spec.parse(step.paint)
    if wanted is None:
        return None, None
    if isinstance(wanted, background_spec.Image):
        return backdrop.fitted(album(wanted.path), canvas, step.fit, placement.aligned(step.align)), None
    if isinstance(wanted, background_spec.Blur):
        hidden = cutout.alpha if cutout.alpha is not None else np.zeros(cutout.size, cutout.depth.dtype)
        return out_of_focus(photograph, hidden, at, wanted.radius), None
    alpha = None
    if isinstance(wanted, background_spec.Flat) and wanted.alpha < 255:
        alpha = np.full(canvas.size, wanted.alpha * (canvas.depth.peak // 255), canvas.depth.dtype)
    return backdrop.painted(wanted, canvas), alpha


def _shown(cutout: Picture, box: Box, recipe: Recipe) -> Box:
    """The subject's box, before a flat ground only as far as it is seen, where something goes by it."""
    if recipe.find(Frame) is None and recipe.find(Shadow) is None:
        return box
    behind = recipe.find(Background)
    wanted = None if behind is None else background_spec.parse(behind.paint)
    if not isinstance(wanted, background_spec.Flat) or wanted.alpha < 255 or cutout.alpha is None:
        return box
    return seen_box(cutout, colour.from_srgb(wanted.colour, cutout.profile, cutout.depth), box)


def _noted(picture: Picture, scale: float) -> Picture:
    """Says it when detail was made up."""
    if scale < ENLARGED:
        return picture
    return replace(picture, notes=(*picture.notes, f"enlarged {scale:.1f} times; a larger photograph would be sharper"))


def _grown(box: Box, by: float, picture: Picture) -> Box:
    n = round(by)
    return max(0, box[0] - n), max(0, box[1] - n), min(picture.size[1], box[2] + n), min(picture.size[0], box[3] + n)


def _opaque(text: str) -> colour.Colour:
    found = colour.parse(text)
    if found is None:
        raise UsageError(f"the colour {text!r} of an outline or a shadow", "give an opaque colour")
    return found


def _exact(text: str, picture: Picture) -> colour.Colour:
    return colour.from_srgb(_opaque(text), picture.profile, picture.depth)
