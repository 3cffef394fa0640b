"""The luminance of a picture, and its resampling to the grid of the mark."""

from __future__ import annotations

import numpy as np

from mattebox.io.resampling import crop_and_resize_plane
from mattebox.provenance.watermark.layout import BLOCK_SIDE, GRID_SIDE
from mattebox.types import BitDepth, Floats, ImageShape, Picture

LUMA_WEIGHTS = (0.299, 0.587, 0.114)  # Rec. 601, as JPEG's
HIDDEN_LUMA = 128.0  # what transparent pixels count as
STRIP_ROWS = 256


def luminance(picture: Picture, change: Floats | None = None) -> Floats:
    """Luminance of a picture, from 0 to 255, over a middle grey.

    Parameters
    ----------
    picture : Picture
        With or without alpha.
    change : (H, W) float32, optional
        Is added to each channel, which stays in its range.
    """
    scale = np.float32(255 / BitDepth.of_pixels(picture.rgb).peak)
    plane = np.empty(picture.shape, np.float32)
    for top in range(0, picture.shape[0], STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        colours = picture.rgb[rows].astype(np.float32) * scale
        if change is not None:
            colours = np.clip(colours + change[rows, :, None], 0, 255)
        plane[rows] = colours @ np.array(LUMA_WEIGHTS, np.float32)
        if picture.alpha is not None:
            opacity = picture.alpha[rows].astype(np.float32) * (scale / 255)
            plane[rows] = plane[rows] * opacity + HIDDEN_LUMA * (1 - opacity)
    return plane


def grid_shape(shape: ImageShape, enlargement: float = 1.0) -> ImageShape:
    """Height and width of the grid of a picture that was cropped from one `enlargement` times as long."""
    scale = GRID_SIDE / max(shape) / enlargement
    height, width = (max(BLOCK_SIDE, round(side * scale)) for side in shape)
    return height, width


def resize_plane(plane: Floats, shape: ImageShape) -> Floats:
    """Resize an H x W plane."""
    if plane.shape == shape:
        return plane
    return crop_and_resize_plane(plane, (0, 0, plane.shape[1], plane.shape[0]), shape)
