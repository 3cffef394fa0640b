"""What the user wishes of a coarse matte beyond the first answer: marks to keep and drop, one part picked, a trimap.

Only the order of these rooms and the step's words for them; knows nothing of their methods or of networks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import subject_box
from mattebox.io import resampling
from mattebox.matting import instances, scribbles, trimap
from mattebox.matting.colour_refinement import as_floats
from mattebox.matting.geodesic_edit import prompted
from mattebox.matting.scribbles import Mark
from mattebox.recipe.recipe import Cut
from mattebox.types import Box, Matte, Picture

Album = Callable[[str], Picture]

GRID = 400  # longer side of the grid on which a full-size matte is changed, about


@dataclass(frozen=True, eq=False)
class Wishes:
    """All of it, in the picture that is cut out: marks, what to pick (and where), and the trimap."""

    keep: tuple[Mark, ...]
    drop: tuple[Mark, ...]
    pick: str
    place: Mark | None
    known: NDArray[np.uint8] | None

    def __bool__(self) -> bool:
        return bool(self.keep or self.drop or self.pick != "all" or self.known is not None)


def check(step: Cut, album: Album) -> None:
    """UsageError, InputError for what no photograph could mend."""
    scribbles.check(step.keep)
    scribbles.check(step.drop)
    instances.check(step.pick)
    if step.trimap != "none":
        album(step.trimap)


def read(step: Cut, picture: Picture, part: Box | None, album: Album) -> Wishes:
    """What the step wishes for that part of a picture. UsageError, InputError."""
    box = part or (0, 0, picture.size[1], picture.size[0])
    instances.check(step.pick)
    place = scribbles.parse(step.pick, picture.size)[0] if "," in step.pick else None
    keep, drop = (
        tuple(m.within(box, picture.size) for m in scribbles.parse(t, picture.size)) for t in (step.keep, step.drop)
    )
    known = None
    if step.trimap != "none":
        known = trimap.given(album(step.trimap), picture, step.trimap)[box[1] : box[3], box[0] : box[2]]
    return Wishes(keep, drop, step.pick, place and place.within(box, picture.size), known)


def granted(picture: Picture, matte: Matte, wishes: Wishes) -> Matte:
    """The matte, coarse or not, as wished; where the trimap is sure, see `trimap.honoured`."""
    if not wishes:
        return matte
    if max(matte.size) > 2 * GRID:
        return _carried(picture, matte, wishes)
    made = prompted(picture, matte, wishes.keep, wishes.drop)
    if made.found:
        made = instances.picked(made, wishes.pick, wishes.place)
    return made if wishes.known is None else trimap.guided(picture, made, wishes.known)


def _carried(picture: Picture, matte: Matte, wishes: Wishes) -> Matte:
    """A large matte, changed as a small one is: its own edges stay where nothing was wished."""
    scale = GRID / max(matte.size)
    size = max(1, round(matte.size[0] * scale)), max(1, round(matte.size[1] * scale))
    before = replace(matte, alpha=resampling.shrink(matte.alpha, size))
    change = as_floats(granted(picture, before, wishes).alpha) - as_floats(before.alpha)
    wide = resampling.enlarge(change, matte.size, "bilinear")
    wide *= matte.depth.peak
    alpha = np.clip(np.rint(matte.alpha + wide), 0, matte.depth.peak).astype(matte.alpha.dtype)
    return replace(matte, alpha=alpha, found=bool((alpha > matte.depth.peak // 2).any()), box=subject_box(alpha))
