"""Flatten a transparent picture onto white, as networks and white pages show it."""

from __future__ import annotations

import numpy as np

from mattebox.types import Picture

STRIP_ROWS = 64  # rows blended at a time, to bound memory


def flatten_on_white(picture: Picture) -> Picture:
    """The picture over white, in encoded values, opaque; the picture itself when it is opaque already.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth, with or without straight alpha.

    Returns
    -------
    Picture
        Same size, bit depth, profile and metadata, without alpha.
    """
    peak = picture.bit_depth.peak
    if picture.alpha is None or picture.alpha.min() == peak:
        return picture
    rgb = np.empty_like(picture.rgb)
    for top in range(0, len(rgb), STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        alpha = picture.alpha[rows, :, None].astype(np.uint32)
        rgb[rows] = (picture.rgb[rows] * alpha + peak * (peak - alpha) + peak // 2) // peak
    return picture.with_pixels(rgb, None)
