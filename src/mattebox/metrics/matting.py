"""Matting errors of a soft alpha: SAD, MSE, gradient and connectivity error.

Rhemann et al., A Perceptually Motivated Online Benchmark for Image Matting (2009). Arrays are H x W floats, 0..1.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mattebox.metrics.binary_masks import largest_component
from mattebox.metrics.separable_filter import filter_separably, gaussian_kernel
from mattebox.types import Floats

GRADIENT_SIGMA_PIXELS = 1.4  # of the Gaussian derivatives
GRADIENT_RADIUS_PIXELS = 4  # of their kernels
CONNECTIVITY_THRESHOLDS = np.arange(11) / 10  # alphas at which connectivity is tested
CONNECTIVITY_TOLERANCE = 0.15  # difference from the connected level that does not count


def sad(alpha: Floats, truth: Floats) -> float:
    """Sum of absolute differences, in thousands, as published tables give it."""
    return float(np.abs(alpha - truth).sum(dtype=np.float64)) / 1000


def mse(alpha: Floats, truth: Floats) -> float:
    """Mean squared error."""
    return float(np.square(alpha - truth).mean(dtype=np.float64))


def gradient_error(alpha: Floats, truth: Floats) -> float:
    """Sum of squared differences of the gradient magnitudes, in thousands."""
    return float(np.square(_gradient_magnitude(alpha) - _gradient_magnitude(truth)).sum(dtype=np.float64)) / 1000


def connectivity_error(alpha: Floats, truth: Floats) -> float:
    """Sum of differences of the degree to which each pixel is connected to the region opaque in both, in thousands."""
    level = np.full(alpha.shape, -1.0)
    for previous, threshold in pairwise(CONNECTIVITY_THRESHOLDS):
        connected = largest_component((alpha >= threshold) & (truth >= threshold))
        level[(level < 0) & ~connected] = previous
    level[level < 0] = 1
    return float(np.abs(_connectedness(alpha, level) - _connectedness(truth, level)).sum()) / 1000


def _connectedness(alpha: Floats, connected_level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degree of connectedness, 0..1, from the highest threshold at which each pixel is connected."""
    excess = alpha - connected_level
    return np.asarray(1 - np.where(excess >= CONNECTIVITY_TOLERANCE, excess, 0))


def _gradient_magnitude(plane: Floats) -> NDArray[np.float64]:
    """Magnitude of the gradient by Gaussian derivatives."""
    gauss = gaussian_kernel(GRADIENT_RADIUS_PIXELS, GRADIENT_SIGMA_PIXELS)
    offsets = np.arange(-GRADIENT_RADIUS_PIXELS, GRADIENT_RADIUS_PIXELS + 1)
    derivative = -offsets * gauss / GRADIENT_SIGMA_PIXELS**2
    horizontal = filter_separably(plane, gauss, derivative, "edge")
    return np.hypot(horizontal, filter_separably(plane, derivative, gauss, "edge"))
