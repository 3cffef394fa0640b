"""Blurs of float planes, at reduced resolution where that shows no difference. Knows nothing of what is blurred."""

from __future__ import annotations

import numpy as np

from mattebox.types import Floats

BOX_PASSES = 3  # box blurs in a row: near enough to a Gaussian (Wells, Efficient synthesis of Gaussian filters, 1986)


def blur_planes(planes: Floats, sigma: float, horizontal_sigma: float | None = None) -> Floats:
    """H x W (x C) softened by a Gaussian of `sigma` pixels, `horizontal_sigma` for the other axis; zeros lie outside."""
    result = planes
    for axis, spread in ((0, sigma), (1, sigma if horizontal_sigma is None else horizontal_sigma)):
        radius = round(((12 * spread * spread / BOX_PASSES + 1) ** 0.5 - 1) / 2)
        for _ in range(BOX_PASSES if radius else 0):
            result = _box_filter(result, radius, axis)
    return result


def _box_filter(x: Floats, radius: int, axis: int) -> Floats:
    """Mean over 2 radius + 1 values along an axis, zeros beyond the ends."""
    padding = [(0, 0)] * x.ndim
    padding[axis] = (radius + 1, radius)
    sums = np.cumsum(np.pad(x, padding), axis=axis, dtype=np.float64)
    ahead = np.take(sums, range(2 * radius + 1, sums.shape[axis]), axis=axis)
    behind = np.take(sums, range(sums.shape[axis] - 2 * radius - 1), axis=axis)
    mean: Floats = ((ahead - behind) / (2 * radius + 1)).astype(np.float32)
    return mean
