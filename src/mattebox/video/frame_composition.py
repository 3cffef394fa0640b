"""What is written of a cut frame: its subject with a shadow, before a background, with a label.

OpenEXR without a background keeps the shadow apart, as a layer, for whoever composites it.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from mattebox.composition.alpha_compositing import composite_over
from mattebox.composition.label import add_label
from mattebox.composition.opaque_colour import parse_picture_colour
from mattebox.composition.shadow import render_shadow
from mattebox.composition.shadow_layer import GROUND_SHADOW_KINDS
from mattebox.recipe.steps import Shadow
from mattebox.types import Picture
from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_options import ClipOptions
from mattebox.video.frame_cutout import CutFrame

MIN_CUT_OFF_HEIGHT_SHARE = 0.995  # of a frame's height: a subject that reaches farther down stands on no ground


def compose_frame(frame: CutFrame, options: ClipOptions, renderer: BackgroundRenderer, time: Fraction) -> CutFrame:
    """The frame with its shadow and label, and its picture as it is written.

    Parameters
    ----------
    frame : CutFrame
        With its subject alone.
    options : ClipOptions
    renderer : BackgroundRenderer
    time : Fraction
        Seconds since the clip's first frame.
    """
    if options.cut.output == "matte":
        return frame
    shadow = None if options.shadow is None else _render_shadow(frame, options.shadow)
    front = frame.picture
    if shadow is not None and not options.keeps_shadow_apart:
        blend = "encoded" if options.background is None else options.background.blend
        front = composite_over(front, shadow, blend)
    picture = renderer.render(frame.photograph, front, time)
    if options.label is not None:
        picture, _ = add_label(picture, (), options.label, renderer.open_image)
    return replace(frame, picture=picture, shadow=shadow)


def _render_shadow(frame: CutFrame, step: Shadow) -> Picture | None:
    """The layer beneath the subject; None where it has none, or stands on no ground that the frame shows."""
    is_cut_off = frame.matte.box[3] >= MIN_CUT_OFF_HEIGHT_SHARE * frame.matte.shape[0]
    if not frame.matte.found or (is_cut_off and step.kind in GROUND_SHADOW_KINDS):
        return None
    return render_shadow(frame.picture, frame.matte.box, step, parse_picture_colour(step.colour, frame.picture))
