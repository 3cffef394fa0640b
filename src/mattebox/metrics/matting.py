"""How well a soft alpha matches a known one: SAD, MSE, gradient and connectivity error.

After Rhemann et al., A Perceptually Motivated Online Benchmark for Image Matting (2009). Arrays are H x W floats 0..1.
Knows nothing of pictures or networks.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mattebox.metrics.binary_masks import largest_component
from mattebox.types import Floats

GRADIENT_SIGMA_PIXELS = 1.4  # of the Gaussian derivatives, in pixels
CONNECTIVITY_THRESHOLDS = np.arange(11) / 10  # the alphas at which connectivity is looked at
CONNECTIVITY_TOLERANCE = 0.15  # how far alpha may rise above what is connected unpunished


def sad(alpha: Floats, truth: Floats) -> float:
    """Sum of absolute differences, in thousands, as published tables give it."""
    return float(np.abs(alpha - truth).sum(dtype=np.float64)) / 1000


def mse(alpha: Floats, truth: Floats) -> float:
    """Mean squared error."""
    return float(np.square(alpha - truth).mean(dtype=np.float64))


def gradient_error(alpha: Floats, truth: Floats) -> float:
    """Sum of squared differences of the gradients' magnitudes, in thousands."""
    return float(np.square(_gradient_magnitude(alpha) - _gradient_magnitude(truth)).sum(dtype=np.float64)) / 1000


def connectivity_error(alpha: Floats, truth: Floats) -> float:
    """Sum of differences of how well each pixel is joined to the region opaque in both, in thousands."""
    level = np.full(alpha.shape, -1.0)
    for below, step in pairwise(CONNECTIVITY_THRESHOLDS):
        joined = largest_component((alpha >= step) & (truth >= step))
        level[(level < 0) & ~joined] = below
    level[level < 0] = 1
    return float(np.abs(_connectedness(alpha, level) - _connectedness(truth, level)).sum()) / 1000


def _connectedness(alpha: Floats, connected_level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degree of connectedness 0..1, from the highest step at which each pixel is joined to the common region."""
    above = alpha - connected_level
    return np.asarray(1 - np.where(above >= CONNECTIVITY_TOLERANCE, above, 0))


def _gradient_magnitude(plane: Floats) -> NDArray[np.float64]:
    """Magnitude of the Gaussian-derivative gradient."""
    reach = np.arange(-4, 5)
    gauss = np.exp(-(reach**2) / (2 * GRADIENT_SIGMA_PIXELS**2))
    gauss /= gauss.sum()
    edge = -reach * gauss / GRADIENT_SIGMA_PIXELS**2
    return np.hypot(_filter_separably(plane, gauss, edge), _filter_separably(plane, edge, gauss))


def _filter_separably(
    plane: Floats, vertical_kernel: NDArray[np.float64], horizontal_kernel: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Separable filtering, edges repeated."""
    reach = len(vertical_kernel) // 2
    wide = np.pad(plane.astype(np.float64), reach, mode="edge")
    rows = sum(weight * wide[i : i + plane.shape[0]] for i, weight in enumerate(vertical_kernel))
    return np.asarray(sum(weight * rows[:, i : i + plane.shape[1]] for i, weight in enumerate(horizontal_kernel)))
