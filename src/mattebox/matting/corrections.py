"""User corrections of a matte: scribbles to keep or drop, and the choice of one subject."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mattebox.io import resampling
from mattebox.matting import scribbles, selection
from mattebox.matting.matte_operations import as_floats, has_subject
from mattebox.matting.scribble_segmentation import apply_scribbles
from mattebox.matting.scribbles import Scribble
from mattebox.matting.selection import SELECT_ALL, Selection
from mattebox.recipe.steps import Cut
from mattebox.types import Box, Matte, Picture

GRID_SIDE_CELLS = 400  # longer side of the grid on which a full-size matte is corrected, about


@dataclass(frozen=True, eq=False)
class Corrections:
    """Corrections in the coordinates of the crop that is cut out."""

    keep: tuple[Scribble, ...] = ()
    drop: tuple[Scribble, ...] = ()
    selection: Selection = SELECT_ALL

    def __bool__(self) -> bool:
        return bool(self.keep or self.drop or self.selection.kind != "all")


def check_corrections(step: Cut) -> None:
    """Check the corrections of a step before any picture is read. UsageError."""
    scribbles.check_scribbles(step.keep)
    scribbles.check_scribbles(step.drop)
    selection.parse_selection(step.pick)


def parse_corrections(step: Cut, picture: Picture, crop_box: Box | None) -> Corrections:
    """Parse the corrections of a step.

    Parameters
    ----------
    step : Cut
        The step whose `keep`, `drop` and `pick` are parsed.
    picture : Picture
        The whole picture, to which positions refer.
    crop_box : Box or None
        The part that is cut out; None for the whole picture.

    Returns
    -------
    Corrections
        In the coordinates of the crop.

    Raises
    ------
    UsageError
        When a text makes no sense, or a position lies outside.
    """
    box = crop_box or (0, 0, *picture.size)
    chosen = selection.parse_selection(step.pick, picture.shape).to_crop(box, picture.shape)
    keep, drop = (
        tuple(s.to_crop(box, picture.shape) for s in scribbles.parse_scribbles(text, picture.shape))
        for text in (step.keep, step.drop)
    )
    return Corrections(keep, drop, chosen)


def apply_corrections(picture: Picture, matte: Matte, corrections: Corrections) -> Matte:
    """Apply corrections to a matte, coarse or at full size.

    Parameters
    ----------
    picture : Picture
        The picture (or crop) that the matte belongs to.
    matte : Matte
        Matte of the whole of it, at any resolution.
    corrections : Corrections
        In the coordinates of `picture`.

    Returns
    -------
    Matte
        At the same resolution.

    Raises
    ------
    UsageError
        When the selection does not exist.
    """
    if not corrections:
        return matte
    if max(matte.shape) > 2 * GRID_SIDE_CELLS:
        return _apply_at_low_resolution(picture, matte, corrections)
    corrected = apply_scribbles(picture, matte, corrections.keep, corrections.drop)
    if has_subject(corrected.alpha):  # a doubtful subject can be picked, too
        corrected = selection.keep_selected_subject(picture, corrected, corrections.selection)
    return corrected


def _apply_at_low_resolution(picture: Picture, matte: Matte, corrections: Corrections) -> Matte:
    """Correct a large matte by the change of a reduced one, so that its edges stay where nothing is corrected."""
    scale = GRID_SIDE_CELLS / max(matte.shape)
    size = max(1, round(matte.shape[0] * scale)), max(1, round(matte.shape[1] * scale))
    reduced = replace(matte, alpha=resampling.shrink(matte.alpha, size))
    change = as_floats(apply_corrections(picture, reduced, corrections).alpha) - as_floats(reduced.alpha)
    enlarged = resampling.enlarge(change, matte.shape, "bilinear")
    enlarged *= matte.bit_depth.peak
    alpha = np.clip(np.rint(matte.alpha + enlarged), 0, matte.bit_depth.peak).astype(matte.alpha.dtype)
    return matte.with_alpha(alpha, found=has_subject(alpha))
