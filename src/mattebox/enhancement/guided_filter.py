"""The fast guided filter: an edge-preserving base layer of a picture's brightness.

He & Sun, Fast guided filter, 2015: means and variances on a reduced grid, whose linear models are enlarged and
evaluated at every pixel, so that edges keep no halo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.core.interpolation import linear_neighbours
from mattebox.core.smoothing_filters import box_filter
from mattebox.types import Floats, ImageShape

GRID_SIDE_CELLS = 400  # of the longer side, about
RADIUS_DIVISOR = 40  # the filter's radius is this part of the longer side
EDGE_SIGMA_STOPS = 0.35  # deviation from which a step is an edge rather than texture
PLANE_RADIUS_DIVISOR, PLANE_SIGMA_STOPS = 100, 0.5  # the same of planes that are to follow the picture's edges


@dataclass(frozen=True, eq=False)
class BaseLayer:
    """The local linear model base = a * brightness + b of a picture of `size`; `coefficients` are the planes a and b on
    a grid."""

    coefficients: Floats
    size: ImageShape

    def evaluate(self, brightness: Floats, rows: slice) -> Floats:
        """The base of some rows, from their brightness."""
        a, b = upsample_rows(self.coefficients, self.size, rows)
        base: Floats = a * brightness + b
        return base


def fit_base_layer(brightness: Floats, size: ImageShape) -> BaseLayer:
    """The base layer of a picture of `size` from its brightness (in stops) on a reduced grid."""
    radius = max(1, max(brightness.shape) // RADIUS_DIVISOR)
    mean = box_filter(brightness, radius)
    variance = np.maximum(box_filter(brightness * brightness, radius) - mean * mean, 0)
    a = np.asarray(variance / (variance + EDGE_SIGMA_STOPS * EDGE_SIGMA_STOPS), np.float32)
    b = np.asarray(mean - a * mean, np.float32)
    return BaseLayer(np.stack([box_filter(a, radius), box_filter(b, radius)]), size)


def fit_plane(plane: Floats, brightness: Floats, size: ImageShape) -> BaseLayer:
    """A plane on a grid, such as depth, as a local linear model of a picture's brightness (in stops) on that grid, so
    that its edges are the picture's."""
    radius = max(1, max(brightness.shape) // PLANE_RADIUS_DIVISOR)
    mean, mean_plane = box_filter(brightness, radius), box_filter(plane, radius)
    variance = np.maximum(box_filter(brightness * brightness, radius) - mean * mean, 0)
    covariance = box_filter(brightness * plane, radius) - mean * mean_plane
    a = np.asarray(covariance / (variance + PLANE_SIGMA_STOPS * PLANE_SIGMA_STOPS), np.float32)
    b = np.asarray(mean_plane - a * mean, np.float32)
    return BaseLayer(np.stack([box_filter(a, radius), box_filter(b, radius)]), size)


def upsample_rows(planes: Floats, size: ImageShape, rows: slice) -> Floats:
    """Some rows of grid planes (C x h x w) enlarged to `size`, bilinear."""
    height, width = planes.shape[1:]
    y = (np.arange(rows.start, rows.stop) + 0.5) * height / size[0] - 0.5
    x = (np.arange(size[1]) + 0.5) * width / size[1] - 0.5
    upper, lower, down = linear_neighbours(y, height)
    left, right, across = linear_neighbours(x, width)
    band = planes[:, upper] + (planes[:, lower] - planes[:, upper]) * down[:, None]
    result: Floats = band[:, :, left]
    result += (band[:, :, right] - result) * across
    return result
