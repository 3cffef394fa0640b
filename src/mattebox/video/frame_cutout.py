"""From a frame and what decides its matte (a network's coarse matte, a key, a trimap) to its cutout: clean-up, edges at
full size, the user's mattes, the subject's own colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mattebox.matting import garbage_mattes
from mattebox.matting.chroma_screen import ChromaScreen, despill
from mattebox.matting.colour_refinement import refine
from mattebox.matting.confidence import build_scored_matte
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.keying import ResolvedKey, apply_key
from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.matting.matte_operations import finalise_matte
from mattebox.matting.trimap_matting import matte_from_trimap
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.pipeline.matte_source import EDGE_REFINERS
from mattebox.recipe.steps import Cut
from mattebox.types import Matte, Picture, Pixels
from mattebox.video.coarse_matte import CoarseMatte, MatteOrigin
from mattebox.video.user_mattes import NO_MASKS, FrameMasks

EDGE_MARGIN_CELLS = 24  # around uncertain cells: the reach of the colour models' second scale
COLOUR_MARGIN_CELLS = 24  # around soft edges: that of the wide blurs of foreground colours
MIN_COARSE_SIDE = 480  # pixels of the longer side from which colour models are fitted on cells twice as wide


@dataclass(frozen=True, eq=False)
class CutFrame:
    """A frame that was cut out.

    Attributes
    ----------
    index : int
        Number of the frame, from 0.
    time : float
        Seconds.
    photograph : Picture
        The frame as it was.
    picture : Picture
        The cutout with straight alpha, or the matte in grey.
    matte : Matte
        At the frame's size.
    origin : "network", "reused", "carried", "key" or "trimap"
        Where the matte comes from.
    is_cut : bool
        Whether a new scene starts here.
    shadow : Picture or None
        The layer that lies beneath the subject.
    """

    index: int
    time: float
    photograph: Picture
    picture: Picture
    matte: Matte
    origin: MatteOrigin
    is_cut: bool
    shadow: Picture | None = None


@dataclass(frozen=True, eq=False)
class RefinedFrame:
    """A frame with its coarse matte, the matte at its own size, and what the user drew."""

    coarse: CoarseMatte
    matte: Matte
    drawn: FrameMasks = NO_MASKS


def cut_frame(coarse: CoarseMatte, step: Cut, calibration: Calibration, drawn: FrameMasks = NO_MASKS) -> CutFrame:
    """Cut a frame out by its coarse matte, by itself. A frame without a subject becomes transparent."""
    return render_frame(find_edges(coarse, step, calibration, drawn), step)


def find_edges(coarse: CoarseMatte, step: Cut, calibration: Calibration, drawn: FrameMasks = NO_MASKS) -> RefinedFrame:
    """A frame's matte at its own size, by its coarse matte."""
    scored = build_scored_matte(coarse.alpha, calibration, coarse.presence)
    if "garbage" in drawn.masks:
        scored = garbage_mattes.apply_garbage_matte(scored, drawn.masks["garbage"])
    matte = FRAME_EDGE_REFINERS[step.edges](coarse.picture, clean_up_matte(scored) if scored.found else scored)
    return RefinedFrame(coarse, matte, drawn)


def render_frame(refined: RefinedFrame, step: Cut) -> CutFrame:
    """Cut a frame out by its matte at its own size."""
    return _render_frame(refined.coarse, refined.matte, step, refined.drawn)


def key_frame(coarse: CoarseMatte, step: Cut, key: ResolvedKey, drawn: FrameMasks = NO_MASKS) -> CutFrame:
    """Cut a frame out by the clip's key. UsageError where the plate is of another size."""
    matte = apply_key(coarse.picture, key, step.tolerance)
    return _render_frame(replace(coarse, origin="key"), matte, step, drawn, key.screen)


def solve_frame(coarse: CoarseMatte, step: Cut, drawn: FrameMasks) -> CutFrame:
    """Cut a frame out by its trimap."""
    assert drawn.trimap is not None
    matte = matte_from_trimap(coarse.picture, drawn.trimap)
    return _render_frame(replace(coarse, origin="trimap"), matte, step, drawn)


def render_carried_frame(described: CoarseMatte, matte: Matte, exact: Pixels | None, step: Cut) -> CutFrame:
    """Cut a frame out by a coarse matte that was carried to it, or by one of its own size that a user drew."""
    picture = described.picture
    refine_edges = FRAME_EDGE_REFINERS[step.edges]
    refined = finalise_matte(picture, matte, exact) if exact is not None else refine_edges(picture, matte)
    return _render_frame(replace(described, origin="carried"), refined, step, NO_MASKS)


def refine_frame(picture: Picture, matte: Matte) -> Matte:
    """Refine a frame's matte by colour models on cells twice as wide as those of stills: a quarter of the time at the
    same error, but in small frames (docs/experiments/2026-11-30-video-speed.md)."""
    scale = 2 if max(picture.shape) >= MIN_COARSE_SIDE else 1
    return refine(picture, matte, cell_scale=scale, margin_cells=EDGE_MARGIN_CELLS)


FRAME_EDGE_REFINERS: dict[str, Callable[[Picture, Matte], Matte]] = {**EDGE_REFINERS, "colour": refine_frame}


def _render_frame(
    coarse: CoarseMatte, matte: Matte, step: Cut, drawn: FrameMasks, screen: ChromaScreen | None = None
) -> CutFrame:
    for role, mask in drawn.masks.items():
        if role == "core":
            matte = garbage_mattes.apply_core_matte(matte, mask)
        else:
            matte = garbage_mattes.subtract_mask(matte, mask)
    picture = _render_picture(coarse.picture, matte, step, screen)
    return CutFrame(coarse.index, coarse.time, coarse.picture, picture, matte, coarse.origin, coarse.is_cut)


def _render_picture(picture: Picture, matte: Matte, step: Cut, screen: ChromaScreen | None) -> Picture:
    if step.output == "matte":
        return Picture(np.repeat(matte.alpha[..., None], 3, axis=2), is_grey=True)
    if step.colours != "clean":
        return picture.with_pixels(picture.rgb, matte.alpha)
    cutout = estimate_foreground(picture, matte, margin_cells=COLOUR_MARGIN_CELLS)
    return cutout if screen is None else despill(cutout, screen)
