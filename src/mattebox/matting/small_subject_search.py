"""Search for a small subject where the whole picture shows none clearly: the network looks at overlapping crops.

A bird that fills a thirtieth of a photograph's width is ten samples wide to a network that sees all of it. In crops of
a half and a third of the sides it is large enough to be found; what a crop shows must lie inside it and be clear.
The crops in which the matte of the whole picture shows most come first, and not all are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mattebox.io import resampling
from mattebox.matting import region_of_interest
from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import Session
from mattebox.types import Box, ImageShape, Matte, Picture

CROP_DIVISORS = (2, 3)  # crops have this fraction of the picture's sides, and overlap by half
MIN_CROP_SIDE_PIXELS = 200  # of the shorter side; a smaller crop shows a network no more than the whole picture
MAX_CROPS = 14  # of 34: in eight pictures with small subjects, the right crop was the 14th at the latest
MIN_CONFIDENCE = 0.7  # of what a crop shows
BORDER_SHARE = 0.02  # of a crop's sides that its subject must stay away from, except at the picture's own border
MAX_CROP_SHARE = 0.4  # of a crop's area; what fills more would have been seen in the whole picture


def find_matte(picture: Picture, coarse: Matte, session: Session, votes: int = 0) -> Matte:
    """The coarse matte, or where it shows no subject clearly and the network's card allows a second look, that of the
    first small subject that a crop shows clearly."""
    if coarse.found or not session.card.input.closer:
        return coarse
    return search_small_subject(picture, coarse, session, votes) or coarse


def search_small_subject(picture: Picture, coarse: Matte, session: Session, votes: int = 0) -> Matte | None:
    """Search for a small subject in crops.

    Parameters
    ----------
    picture : Picture
        The whole picture.
    coarse : Matte
        Its coarse matte, whose resolution the result has.
    session : Session
        The network.
    votes : int
        Number of views, as in `segment`.

    Returns
    -------
    Matte or None
        Coarse matte of the whole picture with what the first clear crop shows; None when none is clear.
    """
    for box in _promising_crops(coarse, picture.shape):
        matte = segment(region_of_interest.crop_picture(picture, box), session, votes)
        if _is_clear(matte, box, picture.shape):
            return _paste(matte, box, coarse, picture.shape)
    return None


def _promising_crops(coarse: Matte, size: ImageShape) -> list[Box]:
    """The crops in which the coarse matte shows most, by its highest alpha, then by its mean."""
    alpha = as_floats(coarse.alpha)

    def highest_and_mean(box: Box) -> tuple[float, float]:
        left, top, right, bottom = _on_grid(box, coarse.shape, size)
        part = alpha[top:bottom, left:right]
        return float(part.max(initial=0)), float(part.mean()) if part.size else 0.0

    return sorted(iter_crops(size), key=highest_and_mean, reverse=True)[:MAX_CROPS]


def iter_crops(size: ImageShape) -> Iterator[Box]:
    """Overlapping crops of a picture of that (height, width), larger ones first."""
    for divisor in CROP_DIVISORS:
        height, width = (round(side / divisor) for side in size)
        if min(height, width) < MIN_CROP_SIDE_PIXELS:
            return
        for y in np.linspace(0, size[0] - height, 2 * divisor - 1).astype(int):
            for x in np.linspace(0, size[1] - width, 2 * divisor - 1).astype(int):
                yield int(x), int(y), int(x) + width, int(y) + height


def _is_clear(matte: Matte, crop_box: Box, size: ImageShape) -> bool:
    """Whether a crop's matte shows a subject clearly, and all of it."""
    if not matte.found or matte.confidence < MIN_CONFIDENCE:
        return False
    if as_floats(matte.alpha).mean() > MAX_CROP_SHARE:
        return False
    height, width = matte.shape
    left, top, right, bottom = matte.box
    margins = (left / width, top / height, 1 - right / width, 1 - bottom / height)
    at_border = (crop_box[0] == 0, crop_box[1] == 0, crop_box[2] == size[1], crop_box[3] == size[0])
    return all(edge or margin >= BORDER_SHARE for margin, edge in zip(margins, at_border, strict=True))


def _paste(matte: Matte, crop_box: Box, coarse: Matte, size: ImageShape) -> Matte:
    """The matte of a crop on the grid of the whole picture's matte, 0 elsewhere."""
    left, top, right, bottom = _on_grid(crop_box, coarse.shape, size)
    part = resampling.crop_and_resize_plane(
        as_floats(matte.alpha), (0, 0, *matte.shape[::-1]), (bottom - top, right - left)
    )
    alpha = np.zeros(coarse.shape, coarse.alpha.dtype)
    alpha[top:bottom, left:right] = as_pixels(part.clip(0, 1), coarse.bit_depth)
    return Matte(alpha, matte.confidence, True, coarse.box).with_alpha(alpha)


def _on_grid(box: Box, grid: ImageShape, size: ImageShape) -> Box:
    """A box of a picture of that (height, width) on the grid of its matte."""
    y_scale, x_scale = (samples / side for samples, side in zip(grid, size, strict=True))
    left, top, right, bottom = box
    return round(left * x_scale), round(top * y_scale), round(right * x_scale), round(bottom * y_scale)
