"""From a frame's coarse matte to its cutout: clean-up, edges at full size, the subject's own colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.matting.confidence import build_scored_matte
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.pipeline.matte_source import EDGE_REFINERS
from mattebox.recipe.steps import Cut
from mattebox.types import Matte, Picture
from mattebox.video.coarse_matte import CoarseMatte, MatteOrigin


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
    origin : "network", "reused" or "carried"
        Where the matte comes from.
    is_cut : bool
        Whether a new scene starts here.
    """

    index: int
    time: float
    photograph: Picture
    picture: Picture
    matte: Matte
    origin: MatteOrigin
    is_cut: bool


def cut_frame(coarse: CoarseMatte, step: Cut, calibration: Calibration) -> CutFrame:
    """Cut a frame out by its coarse matte. A frame without a subject becomes transparent."""
    picture = coarse.picture
    scored = build_scored_matte(coarse.alpha, calibration, coarse.presence)
    matte = EDGE_REFINERS[step.edges](picture, clean_up_matte(scored) if scored.found else scored)
    return CutFrame(
        coarse.index, coarse.time, picture, _render(picture, matte, step), matte, coarse.origin, coarse.is_cut
    )


def _render(picture: Picture, matte: Matte, step: Cut) -> Picture:
    if step.output == "matte":
        return Picture(np.repeat(matte.alpha[..., None], 3, axis=2), is_grey=True)
    if step.colours == "clean":
        return estimate_foreground(picture, matte)
    return picture.with_pixels(picture.rgb, matte.alpha)
