"""A closer look: where the subject fills little of a picture, the network looks once more, at that part alone.

A network sees any picture at a few hundred samples a side. Of a subject that fills a tenth of it, a look at the whole
has a third of them, and its edges lie three times as far off (LOG.md). Only networks whose card says so (`closer`) are
asked again: with others the answer is the one that their publishers' own code gives. Knows nothing of full-resolution
edges or of how networks run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mattebox.core.connected_components import subject_box
from mattebox.io import resampling
from mattebox.matting import region_of_interest
from mattebox.matting.colour_refinement import as_floats
from mattebox.matting.corrections import Corrections
from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.matting.scribbles import Scribble
from mattebox.matting.segmentation import segment
from mattebox.matting.test_time_augmentation import average_alphas
from mattebox.models.matte_session import Session
from mattebox.types import Box, ImageShape, Matte, Picture

MARGIN_SHARE = 0.2  # of the subject's longer side, around it
ZOOM_WEIGHT = 0.67  # in the closer look; the rest is the first one's, which knows what else there is


class ZoomedMatte(NamedTuple):
    """What two looks say of a part of the picture: its coarse matte, its pixels, and where it lies."""

    matte: Matte
    crop: Picture
    crop_box: Box


def zoom_in_on_subject(
    picture: Picture, coarse: Matte, session: Session, corrections: Corrections, votes: int = 0
) -> ZoomedMatte | None:
    """Of the part that holds the subject and all marks; None where a second look is not worth it. `coarse` is the coarse
    matte of the whole picture, `votes` as in `segment`."""
    if not coarse.found or corrections.selection != "all" or corrections.trimap is not None:
        return None
    part = zoom_box(coarse, picture.shape, (*corrections.keep, *corrections.drop))
    if (part[2] - part[0]) * (part[3] - part[1]) >= session.card.input.closer * picture.shape[0] * picture.shape[1]:
        return None
    seen = region_of_interest.crop_picture(picture, part)
    second = segment(seen, session, votes)
    return ZoomedMatte(merge_zoomed_matte(coarse, second, part, picture.shape), seen, part) if second.found else None


def zoom_box(matte: Matte, size: ImageShape, scribbles: Iterable[Scribble] = ()) -> Box:
    """The box of a coarse matte's subject and of all marks, with room, in pixels of its picture of that size."""
    down, across = (whole / cells for whole, cells in zip(size, matte.shape, strict=True))
    left, top, right, bottom = matte.box
    corners = [(left * across, top * down), (right * across, bottom * down)]
    room = MARGIN_SHARE * max(corners[1][0] - corners[0][0], corners[1][1] - corners[0][1])
    corners += [(x * size[1], y * size[0]) for mark in scribbles for x, y in mark.points]
    low, high = np.min(corners, axis=0) - room, np.max(corners, axis=0) + room
    return (
        max(0, int(low[0])), max(0, int(low[1])),
        min(size[1], int(np.ceil(high[0]))), min(size[0], int(np.ceil(high[1]))),
    )  # fmt: skip


def merge_zoomed_matte(coarse: Matte, zoomed: Matte, crop_box: Box, size: ImageShape) -> Matte:
    """The first look's word on a part of a picture of that size, and the second's, at the second's resolution; of the
    whole picture's confidence and uncertainty."""
    down, across = (cells / whole for cells, whole in zip(coarse.shape, size, strict=True))
    place = (crop_box[0] * across, crop_box[1] * down, crop_box[2] * across, crop_box[3] * down)
    before = resampling.crop_and_resize_plane(as_floats(coarse.alpha), place, zoomed.shape).clip(0, 1)
    alpha = average_alphas([before, as_floats(zoomed.alpha)], weights=[1 - ZOOM_WEIGHT, ZOOM_WEIGHT])
    whole = np.round(alpha * zoomed.bit_depth.peak).astype(zoomed.alpha.dtype)
    return clean_up_matte(replace(coarse, alpha=whole, box=subject_box(whole)))
