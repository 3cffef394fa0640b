"""What the user wishes of a coarse matte beyond the first answer: marks to keep and drop, one part picked, a trimap.

Only the order of these rooms and the step's words for them; knows nothing of their methods or of networks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import subject_box
from mattebox.io import resampling
from mattebox.matting import instances, scribbles, trimap
from mattebox.matting.colour_refinement import as_floats
from mattebox.matting.scribble_segmentation import apply_scribbles
from mattebox.matting.scribbles import Scribble
from mattebox.recipe.steps import Cut
from mattebox.types import Box, Matte, OpenImage, Picture

GRID_SIDE_CELLS = 400  # longer side of the grid on which a full-size matte is changed, about


@dataclass(frozen=True, eq=False)
class Corrections:
    """All of it, in the picture that is cut out: marks, what to pick (and where), and the trimap."""

    keep: tuple[Scribble, ...]
    drop: tuple[Scribble, ...]
    selection: str
    selection_point: Scribble | None
    trimap: NDArray[np.uint8] | None

    def __bool__(self) -> bool:
        return bool(self.keep or self.drop or self.selection != "all" or self.trimap is not None)


def check_corrections(step: Cut, open_image: OpenImage) -> None:
    """UsageError, InputError for what no photograph could mend."""
    scribbles.check_scribbles(step.keep)
    scribbles.check_scribbles(step.drop)
    instances.check_selection(step.pick)
    if step.trimap != "none":
        open_image(step.trimap)


def parse_corrections(step: Cut, picture: Picture, crop_box: Box | None, open_image: OpenImage) -> Corrections:
    """What the step wishes for that part of a picture. UsageError, InputError."""
    box = crop_box or (0, 0, picture.shape[1], picture.shape[0])
    instances.check_selection(step.pick)
    place = scribbles.parse_scribbles(step.pick, picture.shape)[0] if "," in step.pick else None
    keep, drop = (
        tuple(m.to_crop(box, picture.shape) for m in scribbles.parse_scribbles(t, picture.shape))
        for t in (step.keep, step.drop)
    )
    known = None
    if step.trimap != "none":
        known = trimap.trimap_from_picture(open_image(step.trimap), picture, step.trimap)[
            box[1] : box[3], box[0] : box[2]
        ]
    return Corrections(keep, drop, step.pick, place and place.to_crop(box, picture.shape), known)


def apply_corrections(picture: Picture, matte: Matte, corrections: Corrections) -> Matte:
    """The matte, coarse or not, as wished; where the trimap is sure, see `trimap.honoured`."""
    if not corrections:
        return matte
    if max(matte.shape) > 2 * GRID_SIDE_CELLS:
        return _apply_at_low_resolution(picture, matte, corrections)
    made = apply_scribbles(picture, matte, corrections.keep, corrections.drop)
    if made.found:
        made = instances.keep_selected_instance(made, corrections.selection, corrections.selection_point)
    return made if corrections.trimap is None else trimap.apply_trimap(picture, made, corrections.trimap)


def _apply_at_low_resolution(picture: Picture, matte: Matte, corrections: Corrections) -> Matte:
    """A large matte, changed as a small one is: its own edges stay where nothing was wished."""
    scale = GRID_SIDE_CELLS / max(matte.shape)
    size = max(1, round(matte.shape[0] * scale)), max(1, round(matte.shape[1] * scale))
    before = replace(matte, alpha=resampling.shrink(matte.alpha, size))
    change = as_floats(apply_corrections(picture, before, corrections).alpha) - as_floats(before.alpha)
    wide = resampling.enlarge(change, matte.shape, "bilinear")
    wide *= matte.bit_depth.peak
    alpha = np.clip(np.rint(matte.alpha + wide), 0, matte.bit_depth.peak).astype(matte.alpha.dtype)
    return replace(matte, alpha=alpha, found=bool((alpha > matte.bit_depth.peak // 2).any()), box=subject_box(alpha))
