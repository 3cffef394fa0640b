"""Second pass for small subjects: the network runs again on a crop around the subject.

A network sees any picture at a few hundred samples a side. A subject that fills a tenth of the picture has a third of
them along a side, and its edges are three times as inexact (decision 008). Only networks whose card says so
(`closer`) run again; the others give the result of their publishers' own code (decision 024).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from mattebox.io import resampling
from mattebox.matting import region_of_interest
from mattebox.matting.corrections import Corrections
from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.matting.scribbles import Scribble
from mattebox.matting.segmentation import segment
from mattebox.matting.tta import average_alphas
from mattebox.models.matte_session import Session
from mattebox.types import Box, ImageShape, Matte, Picture

MARGIN_SHARE = 0.2  # of the subject's longer side, on every side
ZOOM_WEIGHT = 0.67  # of the second pass in the average; the first one sees the context


class ZoomedMatte(NamedTuple):
    """The coarse matte of a crop, its pixels, and its box in the picture."""

    matte: Matte
    crop: Picture
    crop_box: Box


def zoom_in_on_subject(
    picture: Picture, coarse: Matte, session: Session, corrections: Corrections, votes: int = 0
) -> ZoomedMatte | None:
    """Run the network again on the crop that holds the subject and all scribbles.

    Parameters
    ----------
    picture : Picture
        The whole picture.
    coarse : Matte
        Its coarse matte.
    session : Session
        The network; its card says below which share of the picture's area a crop is worth a second pass.
    corrections : Corrections
        The user's corrections, in the picture's coordinates.
    votes : int
        Number of views, as in `segment`.

    Returns
    -------
    ZoomedMatte or None
        None when the crop is too large, nothing is found, or a selection needs the whole picture.
    """
    if not coarse.found or corrections.selection.kind != "all":
        return None
    box = left, top, right, bottom = zoom_box(coarse, picture.shape, (*corrections.keep, *corrections.drop))
    if (right - left) * (bottom - top) >= session.card.input.closer * picture.shape[0] * picture.shape[1]:
        return None
    crop = region_of_interest.crop_picture(picture, box)
    zoomed = segment(crop, session, votes)
    return ZoomedMatte(merge_zoomed_matte(coarse, zoomed, box, picture.shape), crop, box) if zoomed.found else None


def zoom_box(matte: Matte, size: ImageShape, scribbles: Iterable[Scribble] = ()) -> Box:
    """Box, with a margin, of a coarse matte's subject and of all scribbles, in pixels of a picture of that (height,
    width)."""
    y_scale, x_scale = (side / samples for side, samples in zip(size, matte.shape, strict=True))
    left, top, right, bottom = matte.box
    points = [(left * x_scale, top * y_scale), (right * x_scale, bottom * y_scale)]
    margin = MARGIN_SHARE * max(points[1][0] - points[0][0], points[1][1] - points[0][1])
    points += [(x * size[1], y * size[0]) for scribble in scribbles for x, y in scribble.points]
    low, high = np.min(points, axis=0) - margin, np.max(points, axis=0) + margin
    return (
        max(0, int(low[0])), max(0, int(low[1])),
        min(size[1], int(np.ceil(high[0]))), min(size[0], int(np.ceil(high[1]))),
    )  # fmt: skip


def merge_zoomed_matte(coarse: Matte, zoomed: Matte, crop_box: Box, size: ImageShape) -> Matte:
    """Average the first matte inside a crop with the second pass.

    Parameters
    ----------
    coarse : Matte
        Coarse matte of the whole picture.
    zoomed : Matte
        Coarse matte of the crop.
    crop_box : Box
        The crop, in the picture's pixels.
    size : ImageShape
        The picture's (height, width).

    Returns
    -------
    Matte
        Of the crop, at the resolution of `zoomed`, with the confidence and uncertainty of `coarse`.
    """
    y_scale, x_scale = (samples / side for samples, side in zip(coarse.shape, size, strict=True))
    left, top, right, bottom = crop_box
    coarse_box = (left * x_scale, top * y_scale, right * x_scale, bottom * y_scale)
    first = resampling.crop_and_resize_plane(as_floats(coarse.alpha), coarse_box, zoomed.shape).clip(0, 1)
    alpha = average_alphas([first, as_floats(zoomed.alpha)], weights=[1 - ZOOM_WEIGHT, ZOOM_WEIGHT])
    return clean_up_matte(coarse.with_alpha(as_pixels(alpha, zoomed.bit_depth)))
