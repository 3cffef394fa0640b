"""Filtering with separable kernels."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]


def gaussian_kernel(radius: int, sigma: float) -> Float64Array:
    """Gaussian weights at -radius..radius, with sum 1."""
    weights = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum())


def filter_separably(
    plane: NDArray[np.floating[Any]],
    vertical_kernel: Float64Array,
    horizontal_kernel: Float64Array,
    padding: Literal["edge", "constant"],
) -> Float64Array:
    """Correlate a plane with two kernels of one odd length.

    Parameters
    ----------
    plane : array
        H x W.
    vertical_kernel, horizontal_kernel : array
        Weights along columns and along rows.
    padding : {"edge", "constant"}
        Repeat the edge pixels, or zeros.

    Returns
    -------
    array of float64
        H x W.
    """
    height, width = plane.shape
    padded = np.pad(plane.astype(np.float64), len(vertical_kernel) // 2, mode=padding)
    rows = sum(weight * padded[i : i + height] for i, weight in enumerate(vertical_kernel))
    return np.asarray(sum(weight * rows[:, i : i + width] for i, weight in enumerate(horizontal_kernel)))
