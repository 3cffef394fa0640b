"""Adjustment of a matte's edge by hand: moved outwards or inwards, and softened.

Moving is greyscale dilation or erosion by a disc (Serra, Image analysis and mathematical morphology, 1982), for
fractions of a pixel the mean of the two nearest discs, so that soft edges stay soft.
"""

from __future__ import annotations

import math

import numpy as np

from mattebox.core.smoothing_filters import approximate_gaussian_blur
from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.types import BitDepth, Matte, Pixels

SIGMAS_PER_FEATHER = 0.5  # a feather of so many pixels is a Gaussian of half as many


def adjust_edge(matte: Matte, shift: float, feather: float) -> Matte:
    """Move and soften a matte's edge.

    Parameters
    ----------
    matte
        Of the picture's own size.
    shift
        In pixels: outwards, or inwards below 0.
    feather
        Width of the soft edge that is added, in pixels; 0 for none.
    """
    if not shift and not feather:
        return matte
    alpha = matte.alpha if shift >= 0 else np.iinfo(matte.alpha.dtype).max - matte.alpha
    alpha = _dilate(alpha, abs(shift))
    alpha = alpha if shift >= 0 else np.iinfo(alpha.dtype).max - alpha
    if feather:
        alpha = _blur(alpha, SIGMAS_PER_FEATHER * feather)
    return matte.with_alpha(alpha)


def _dilate(alpha: Pixels, radius: float) -> Pixels:
    """The maximum over a disc of that radius; between whole radii the mean of both, weighted."""
    below, share = math.floor(radius), radius % 1
    smaller = _dilate_by_disc(alpha, below)
    if not share:
        return smaller
    larger = _dilate_by_disc(alpha, below + 1)
    mixed: Pixels = np.rint(smaller + share * (larger.astype(np.float32) - smaller)).astype(alpha.dtype)
    return mixed


def _dilate_by_disc(alpha: Pixels, radius: int) -> Pixels:
    """The maximum over the disc, a row of it at a time."""
    if not radius:
        return alpha
    result = alpha.copy()
    for down in range(radius + 1):
        widened = _maximum_along_rows(alpha, math.isqrt(radius * radius - down * down))
        np.maximum(result[down:], widened[: len(alpha) - down], out=result[down:])
        np.maximum(result[: len(alpha) - down], widened[down:], out=result[: len(alpha) - down])
    return result


def _maximum_along_rows(alpha: Pixels, reach: int) -> Pixels:
    """The maximum of 2 `reach` + 1 samples along each row, by doubling."""
    padded = np.pad(alpha, ((0, 0), (reach, reach)), mode="edge")
    window, length = 1, 2 * reach + 1
    while 2 * window <= length:
        padded = np.maximum(padded[:, :-window], padded[:, window:])
        window *= 2
    if window < length:
        padded = np.maximum(padded[:, : alpha.shape[1]], padded[:, length - window :])
    return padded[:, : alpha.shape[1]]


def _blur(alpha: Pixels, sigma: float) -> Pixels:
    """Blurred; beyond the border it goes on, as a subject does that lies on it."""
    margin = math.ceil(3 * sigma)
    blurred = approximate_gaussian_blur(np.pad(as_floats(alpha), margin, mode="edge"), sigma)
    part = blurred[margin : margin + alpha.shape[0], margin : margin + alpha.shape[1]]
    return as_pixels(part.clip(0, 1), BitDepth.of_pixels(alpha))
