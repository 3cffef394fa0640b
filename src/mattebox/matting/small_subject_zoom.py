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
MAX_WIDENED_SIDE_SAMPLES = 1600  # of a matte that is widened for scribbles
ZOOM_WEIGHT = 0.67  # of the second pass in the average; the first one sees the context


class ZoomedMatte(NamedTuple):
    """The coarse matte of a crop, its pixels, and its box in the picture."""

    matte: Matte
    crop: Picture
    crop_box: Box


def zoom_in_on_subject(
    picture: Picture, coarse: Matte, session: Session, corrections: Corrections, votes: int = 0
) -> ZoomedMatte | None:
    """Run the network again on the crop that holds the subject.

    Scribbles elsewhere widen the crop that is returned, but not what the network sees: a click changes only its piece.

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
    box = left, top, right, bottom = zoom_box(coarse, picture.shape)
    if (right - left) * (bottom - top) >= session.card.input.closer * picture.shape[0] * picture.shape[1]:
        return None
    crop = region_of_interest.crop_picture(picture, box)
    zoomed = segment(crop, session, votes)
    if not zoomed.found:
        return None
    matte = merge_zoomed_matte(coarse, zoomed, box, picture.shape)
    outer = _widen_box(box, picture.shape, (*corrections.keep, *corrections.drop))
    if outer == box:
        return ZoomedMatte(matte, crop, box)
    widened = _widen_matte(matte, box, coarse, outer, picture.shape)
    return ZoomedMatte(widened, region_of_interest.crop_picture(picture, outer), outer)


def zoom_box(matte: Matte, size: ImageShape) -> Box:
    """Box, with a margin, of a coarse matte's subject, in pixels of a picture of that (height, width)."""
    y_scale, x_scale = (side / samples for side, samples in zip(size, matte.shape, strict=True))
    left, top, right, bottom = (v * scale for v, scale in zip(matte.box, (x_scale, y_scale) * 2, strict=True))
    margin = MARGIN_SHARE * max(right - left, bottom - top)
    return (
        max(0, int(left - margin)), max(0, int(top - margin)),
        min(size[1], int(np.ceil(right + margin))), min(size[0], int(np.ceil(bottom + margin))),
    )  # fmt: skip


def _widen_box(box: Box, size: ImageShape, scribbles: Iterable[Scribble]) -> Box:
    """The box, large enough for all scribbles and what is around them."""
    height, width = size
    points = [(x * width, y * height) for scribble in scribbles for x, y in scribble.points]
    margin = MARGIN_SHARE * max(box[2] - box[0], box[3] - box[1])
    outside = [(x, y) for x, y in points if not (box[0] <= x < box[2] and box[1] <= y < box[3])]
    if not outside:
        return box
    low, high = np.min(outside, axis=0) - margin, np.max(outside, axis=0) + margin
    return (
        max(0, min(box[0], int(low[0]))), max(0, min(box[1], int(low[1]))),
        min(width, max(box[2], int(np.ceil(high[0])))), min(height, max(box[3], int(np.ceil(high[1])))),
    )  # fmt: skip


def _widen_matte(matte: Matte, box: Box, coarse: Matte, outer: Box, size: ImageShape) -> Matte:
    """The matte of a box inside that of an outer one, which the coarse matte of the whole picture fills elsewhere."""
    samples = max(matte.shape) / max(box[2] - box[0], box[3] - box[1])
    samples = min(samples, MAX_WIDENED_SIDE_SAMPLES / max(outer[2] - outer[0], outer[3] - outer[1]))
    shape = max(1, round((outer[3] - outer[1]) * samples)), max(1, round((outer[2] - outer[0]) * samples))
    y_scale, x_scale = (n / side for n, side in zip(coarse.shape, size, strict=True))
    coarse_box = (outer[0] * x_scale, outer[1] * y_scale, outer[2] * x_scale, outer[3] * y_scale)
    alpha = resampling.crop_and_resize_plane(as_floats(coarse.alpha), coarse_box, shape).clip(0, 1)
    top, left, bottom, right = (
        min(round((box[i] - outer[axis]) * samples), shape[1 - axis])
        for i, axis in ((1, 1), (0, 0), (3, 1), (2, 0))
    )  # fmt: skip
    inner = (max(1, bottom - top), max(1, right - left))
    part = resampling.crop_and_resize_plane(as_floats(matte.alpha), (0, 0, *matte.shape[::-1]), inner).clip(0, 1)
    target = alpha[top : top + inner[0], left : left + inner[1]]
    target[...] = part[: target.shape[0], : target.shape[1]]
    return matte.with_alpha(as_pixels(alpha, matte.bit_depth))


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
