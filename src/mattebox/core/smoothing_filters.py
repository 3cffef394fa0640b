"""Smoothing of float planes: box filter, Gaussian blur, and its approximation by box filters.

Three box filters in a row come near to a Gaussian, and cost the same whatever their size (Wells, Efficient synthesis of
Gaussian filters by cascaded uniform filters, 1986).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

KERNEL_RADIUS_SIGMAS = 3  # where a Gaussian kernel ends
BOX_PASSES = 3


def box_filter(plane: Floats, radius: int) -> Floats:
    """Means over squares of 2 `radius` + 1 samples a side; at the borders, of the samples that lie inside."""
    for axis in (0, 1):
        counts = count_window_samples(plane.shape[axis], radius)
        sums = _window_sums(plane, radius, axis)
        plane = (sums / counts.reshape((-1, 1) if axis == 0 else (1, -1))).astype(np.float32)
    return plane


def count_window_samples(count: int, radius: int) -> NDArray[np.intp]:
    """How many of `count` samples in a row lie within a radius of each."""
    positions = np.arange(count)
    return np.minimum(positions + radius + 1, count) - np.maximum(positions - radius, 0)


def gaussian_radius(sigma: float) -> int:
    """Samples on either side that `gaussian_blur` reaches."""
    return max(1, math.ceil(KERNEL_RADIUS_SIGMAS * sigma))


def gaussian_blur(plane: Floats, sigma: float) -> Floats:
    """H x W convolved with a Gaussian kernel; border samples are repeated outside."""
    radius = gaussian_radius(sigma)
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma * sigma)).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padding = [(radius, radius) if i == axis else (0, 0) for i in range(2)]
        padded, blurred, n = np.pad(plane, padding, mode="edge"), np.zeros_like(plane), plane.shape[axis]
        for i, weight in enumerate(kernel):
            blurred += weight * (padded[i : i + n] if axis == 0 else padded[:, i : i + n])
        plane = blurred
    return plane


def approximate_gaussian_blur(planes: Floats, sigma: float, horizontal_sigma: float | None = None) -> Floats:
    """H x W (x C) blurred by three box filters along each axis, with zeros outside; `horizontal_sigma` is `sigma`
    unless given."""
    for axis, axis_sigma in ((0, sigma), (1, sigma if horizontal_sigma is None else horizontal_sigma)):
        radius = round(((12 * axis_sigma * axis_sigma / BOX_PASSES + 1) ** 0.5 - 1) / 2)
        for _ in range(BOX_PASSES if radius else 0):
            sums = _sum_neighbours(planes, axis) if radius == 1 else _window_sums(planes, radius, axis)
            planes = (sums / (2 * radius + 1)).astype(np.float32)
    return planes


def _sum_neighbours(planes: Floats, axis: int) -> Floats:
    """Sums over 3 samples along an axis, with zeros outside: without the copies that wider windows need."""
    sums = planes.copy()
    inner, outer = _along(axis, slice(1, None)), _along(axis, slice(None, -1))
    sums[inner] += planes[outer]
    sums[outer] += planes[inner]
    return sums


def _window_sums(planes: Floats, radius: int, axis: int) -> NDArray[np.float64]:
    """Sums over 2 `radius` + 1 samples along an axis, with zeros outside."""
    sums = np.zeros((*planes.shape[:axis], planes.shape[axis] + 1, *planes.shape[axis + 1 :]))
    np.cumsum(planes, axis=axis, dtype=np.float64, out=sums[_along(axis, slice(1, None))])
    return subtract_window_ends(sums, radius, axis)


def subtract_window_ends(sums: NDArray[np.float64], radius: int, axis: int) -> NDArray[np.float64]:
    """Sums over windows of 2 `radius` + 1 samples along an axis, from the sums of all samples before each position
    (one position more than samples)."""
    n = sums.shape[axis] - 1
    reach = min(radius, n - 1)
    window = np.empty((*sums.shape[:axis], n, *sums.shape[axis + 1 :]))
    window[_along(axis, slice(None, n - reach))] = sums[_along(axis, slice(reach + 1, None))]
    window[_along(axis, slice(n - reach, None))] = sums[_along(axis, slice(n, None))]
    window[_along(axis, slice(reach, None))] -= sums[_along(axis, slice(None, n - reach))]
    return window


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    """Index of a part of an axis."""
    return (*(slice(None),) * axis, part)
