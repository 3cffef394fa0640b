"""Removal of what is marked in a photograph: it is filled by patches of its surroundings."""

from __future__ import annotations

import numpy as np

from mattebox.core.connected_components import dilate, label_components
from mattebox.enhancement.healing.hole_levels import HoleLevel, fill_hole, has_source
from mattebox.enhancement.healing.patch_window import SIDE
from mattebox.errors import UsageError
from mattebox.types import Box, Mask, Picture, Pixels


class TooMuchMarked(UsageError):
    """More is marked than can be filled from what is left."""

    code = "too_much_marked"


MAX_SHARE = 0.1  # of a photograph that can be marked
JOINING_PIXELS = 8  # between marks that are filled as one
SURROUNDINGS_SIDES = 1.5  # of a mark's side as a square, that it is filled from
MIN_SURROUNDINGS = 60  # pixels


def heal_picture(picture: Picture, marked: Mask) -> Picture:
    """Fill what is marked from its surroundings; all other pixels, and the alpha, stay as they are.

    Good for what lies on one material, or before lines that go on; before a scene that is seen nowhere else, no method
    without knowledge of the world can know what was there.

    Parameters
    ----------
    picture : Picture
        The photograph.
    marked : (H, W) bool
        What goes.

    Raises
    ------
    TooMuchMarked
        More than can be filled from what is left.
    """
    if not marked.any():
        return picture
    share = float(marked.mean())
    if share > MAX_SHARE:
        raise TooMuchMarked(
            f"{share:.0%} of the photograph is marked to be healed", f"mark less, {MAX_SHARE:.0%} of it at most"
        )
    labels, components = label_components(dilate(marked, JOINING_PIXELS))
    rgb, rest = picture.rgb.copy(), marked.copy()
    for number, component in enumerate(components, 1):
        hole = rest & (labels == number)
        window = _surroundings(component.box, int(hole.sum()), hole.shape)
        rgb[window][hole[window]] = _fill(rgb[window], hole[window], rest[window], picture.bit_depth.peak)
        rest &= ~hole
    return picture.with_pixels(rgb, picture.alpha)


def _fill(rgb: Pixels, hole: Mask, unknown: Mask, peak: int) -> Pixels:
    """Values for the pixels of a hole; nothing comes from what else is unknown."""
    level = HoleLevel(rgb.astype(np.float32) / np.float32(peak), hole, unknown & ~hole)
    if not has_source(level):
        raise TooMuchMarked(
            f"nothing is left to heal from: there are no {SIDE} x {SIDE} pixels around what is marked", "mark less"
        )
    filled: Pixels = np.rint(fill_hole(level)[hole] * peak).astype(rgb.dtype)
    return filled


def _surroundings(box: Box, area: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The part of a picture that a hole is filled from."""
    margin = max(MIN_SURROUNDINGS, round(SURROUNDINGS_SIDES * area**0.5))
    left, top, right, bottom = box
    return (
        slice(max(0, top - margin), min(shape[0], bottom + margin)),
        slice(max(0, left - margin), min(shape[1], right + margin)),
    )
