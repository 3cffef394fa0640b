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

from mattebox.anonymisation.regions import (
    DetectedObject,
    FloatBox,
    RegionShape,
    grow_box,
    pixel_box,
    region_mask,
    scale_box,
    shape_of,
    soft_mask,
)
from mattebox.core.smoothing_filters import box_filter
from mattebox.types import BitDepth, Picture, Pixels

Method = Literal["fill", "mosaic", "blur"]

FILL_LEVEL = 0.0  # black
MOSAIC_CELLS = 8  # along the longer side of a region, at most
MOSAIC_LEVELS = 8  # of each channel
BLUR_SHARE = 0.25  # radius of the box filters, of the region's shorter side
BLUR_PASSES = 3
SOFT_EDGE = 0.15  # of the region's half size: how far beyond its shape a blur fades


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
    for item in sorted(objects, key=lambda item: item.area):  # a large one covers what was drawn for others in it
        box, shape = grow_box(item.box, item.kind, growth), shape_of(item.kind, face_shape)
        if method == "blur":
            _blur_softly(rgb, box, shape)
        else:
            _replace(rgb, box, shape, method)
    return picture.with_pixels(rgb, picture.alpha)


def _replace(rgb: Pixels, box: FloatBox, shape: RegionShape, method: Method) -> None:
    """Draw a fill or a mosaic in place of a shape's pixels."""
    left, top, right, bottom = pixels = pixel_box(box, rgb.shape[:2])
    if right > left and bottom > top:
        region, mask = rgb[top:bottom, left:right], region_mask(box, shape, pixels)
        fill = np.full_like(region, round(FILL_LEVEL * BitDepth.of_pixels(region).peak))
        region[mask] = (_mosaic(region) if method == "mosaic" else fill)[mask]


def _blur_softly(rgb: Pixels, box: FloatBox, shape: RegionShape) -> None:
    """Blur a shape's pixels, and fade the blur beyond them, so that there is no edge to be seen."""
    left, top, right, bottom = pixels = pixel_box(scale_box(box, 1 + SOFT_EDGE), rgb.shape[:2])
    if right > left and bottom > top:
        region, weights = rgb[top:bottom, left:right], soft_mask(box, shape, pixels, SOFT_EDGE)[..., None]
        blurred = _blur(region)
        region[:] = np.rint(weights * blurred + (1 - weights) * region)


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
