"""Texture kept in denoising: where more is taken away than the noise explains, a share of it is given back.

The noise that was removed is measured where the result is flattest, in each range of brightness, since a camera's noise
depends on it. Where a neighbourhood has lost more than that, the rest was texture, or cannot be told from it: so much
of the change is undone that what it takes away is as strong as the noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.smoothing_filters import box_filter
from mattebox.core.strips import iter_strips
from mattebox.types import BitDepth, Floats, Pixels

NEIGHBOURHOOD_RADIUS_PIXELS = 6
BRIGHTNESS_LEVELS = np.linspace(0.1, 0.9, 5)  # encoded: centres of the ranges
MIN_SAMPLES, FLATTEST_SHARE, NOISE_QUANTILE = 32, 0.5, 0.25  # of each range
TOLERANCE = 1.75  # times the noise's variance that may be taken away
SAMPLED_STRIPS, SAMPLE_STEP_PIXELS = 24, 8


def protect_texture(before: Pixels, after: Pixels) -> Pixels:
    """Undo the part of a denoising that noise does not explain.

    Parameters
    ----------
    before, after
        H x W x 3 of one depth: the picture, and its denoised version.

    Returns
    -------
    H x W x 3
        Between the two, of their depth.
    """
    limits = _measure_removed_noise(before, after)
    result = np.empty_like(after)
    for rows in iter_strips(len(before)):
        brightness, removed, _ = _neighbourhoods(before, after, rows)
        allowed = np.interp(brightness, BRIGHTNESS_LEVELS, TOLERANCE * limits).astype(np.float32)
        share = np.sqrt(np.minimum(1, allowed / np.maximum(removed, np.float32(1e-9))))[..., None]
        source = before[rows].astype(np.float32)
        result[rows] = np.rint(source + share * (after[rows] - source))
    return result


def _measure_removed_noise(before: Pixels, after: Pixels) -> Floats:
    """The mean square of what was removed from flat neighbourhoods, for each of `BRIGHTNESS_LEVELS`."""
    strips = list(iter_strips(len(before)))
    picks = np.unique(np.linspace(0, len(strips) - 1, SAMPLED_STRIPS).astype(int))
    samples = [
        np.stack([plane[::SAMPLE_STEP_PIXELS, ::SAMPLE_STEP_PIXELS].ravel() for plane in planes])
        for planes in (_neighbourhoods(before, after, strips[i]) for i in picks)
    ]
    brightness, removed, texture = np.concatenate(samples, axis=1)
    half_step = (BRIGHTNESS_LEVELS[1] - BRIGHTNESS_LEVELS[0]) / 2
    levels = [_flat_noise(removed, texture, np.abs(brightness - level) <= half_step) for level in BRIGHTNESS_LEVELS]
    known = np.array([level is not None for level in levels])
    if not known.any():
        return np.full(len(levels), np.median(removed), np.float32)
    values = [level for level in levels if level is not None]
    return np.interp(BRIGHTNESS_LEVELS, BRIGHTNESS_LEVELS[known], values).astype(np.float32)


def _flat_noise(removed: Floats, texture: Floats, where: NDArray[np.bool_]) -> float | None:
    """A low quantile of what was removed from the flattest samples, some of which may have been texture; None for too
    few samples."""
    if where.sum() < MIN_SAMPLES:
        return None
    flat = texture[where] <= np.quantile(texture[where], FLATTEST_SHARE)
    return float(np.quantile(removed[where][flat], NOISE_QUANTILE))


def _neighbourhoods(before: Pixels, after: Pixels, rows: slice) -> tuple[Floats, Floats, Floats]:
    """Of each pixel's neighbourhood in some rows: brightness, mean square of what was removed, variance of the rest."""
    top = max(0, rows.start - NEIGHBOURHOOD_RADIUS_PIXELS)
    part, peak = slice(top, rows.stop + NEIGHBOURHOOD_RADIUS_PIXELS), np.float32(BitDepth.of_pixels(before).peak)
    inner = slice(rows.start - top, rows.stop - top)
    x, y = (pixels[part].astype(np.float32) / peak for pixels in (before, after))
    grey, mean_square = y.mean(2), ((x - y) ** 2).mean(2)
    mean, square, removed = (
        box_filter(plane, NEIGHBOURHOOD_RADIUS_PIXELS)[inner] for plane in (grey, grey * grey, mean_square)
    )
    return mean, removed, np.maximum(square - mean * mean, 0)
