"""What is drawn in place of faces and plates.

`fill` leaves nothing of the original: one colour. `mosaic` keeps at most 8 x 8 colours, each rounded to eight levels,
and `blur` a smooth picture: both may still be matched with a photograph of the person, or recognised by who knows them
(Gross, Sweeney et al. 2006; McPherson, Shokri & Shmatikov 2016). For publishing, fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.anonymisation.regions import DetectedObject, RegionShape, grow_box, pixel_box, region_mask, shape_of
from mattebox.core.smoothing_filters import box_filter
from mattebox.types import BitDepth, Picture, Pixels

Method = Literal["fill", "mosaic", "blur"]

FILL_LEVEL = 0.0  # black
MOSAIC_CELLS = 8  # along the longer side of a region, at most
MOSAIC_LEVELS = 8  # of each channel
BLUR_SHARE = 0.25  # radius of the box filters, of the region's shorter side
BLUR_PASSES = 3


def obscure_objects(
    picture: Picture,
    objects: Sequence[DetectedObject],
    method: Method = "fill",
    face_shape: RegionShape = "ellipse",
    growth: float = 1.0,
) -> Picture:
    """Hide objects; the picture itself where there are none.

    Parameters
    ----------
    picture : Picture
    objects : sequence of DetectedObject
    method : {"fill", "mosaic", "blur"}
    face_shape : {"ellipse", "box"}
        Of faces; plates are hidden by boxes.
    growth : float
        How far the shapes reach beyond the boxes, against the usual.

    Returns
    -------
    Picture
        The colours of all pixels in a shape are replaced, also where they are transparent. Its notes stay.
    """
    if not objects:
        return picture
    rgb = picture.rgb.copy()
    for item in objects:
        box = grow_box(item.box, item.kind, growth)
        left, top, right, bottom = pixels = pixel_box(box, picture.shape)
        if right > left and bottom > top:
            mask = region_mask(box, shape_of(item.kind, face_shape), pixels)
            region = rgb[top:bottom, left:right]
            region[mask] = _draw_replacement(region, method)[mask]
    return picture.with_pixels(rgb, picture.alpha)


def _draw_replacement(region: Pixels, method: Method) -> Pixels:
    if method == "fill":
        return np.full_like(region, round(FILL_LEVEL * BitDepth.of_pixels(region).peak))
    return _mosaic(region) if method == "mosaic" else _blur(region)


def _mosaic(region: Pixels) -> Pixels:
    """Means of at most MOSAIC_CELLS x MOSAIC_CELLS cells, rounded to MOSAIC_LEVELS levels."""
    height, width = region.shape[:2]
    cell = -(-max(height, width) // MOSAIC_CELLS)
    rows, columns = np.arange(0, height, cell), np.arange(0, width, cell)
    sums = np.add.reduceat(np.add.reduceat(region.astype(np.float64), rows, axis=0), columns, axis=1)
    heights, widths = np.diff(rows, append=height), np.diff(columns, append=width)
    means = sums / (heights[:, None] * widths[None])[..., None]
    step = BitDepth.of_pixels(region).peak / (MOSAIC_LEVELS - 1)
    levels = np.rint(np.rint(means / step) * step).astype(region.dtype)
    return np.asarray(levels.repeat(heights, axis=0).repeat(widths, axis=1))


def _blur(region: Pixels) -> Pixels:
    radius = max(1, round(BLUR_SHARE * min(region.shape[:2])))
    channels: list[NDArray[np.float32]] = []
    for channel in np.moveaxis(region, 2, 0):
        plane = channel.astype(np.float32)
        for _ in range(BLUR_PASSES):
            plane = box_filter(plane, radius)
        channels.append(plane)
    return np.rint(np.stack(channels, axis=2)).astype(region.dtype)
