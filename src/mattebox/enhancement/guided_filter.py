"""What is light and what is texture: a picture's local brightness, which follows edges, and keeps no halo around them.

The fast guided filter (He & Sun 2015): means and variances on a reduced grid, the linear models enlarged and answered
at every pixel. Beside it smooth masks from the same grid. Knows nothing of what is done with either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.types import Floats, ImageShape

GRID_SIDE_CELLS = 400  # cells of the longer side, at most
RADIUS_DIVISOR = 40  # the filter's radius is this part of the longer side
EDGE_SIGMA_STOPS = 0.35  # stops (one deviation) from which a step is an edge and no texture


@dataclass(frozen=True, eq=False)
class BaseLayer:
    """Planes a, b on a grid, of which base = a * brightness + b at every pixel of a picture of `size`."""

    coefficients: Floats
    size: ImageShape

    def evaluate(self, brightness: Floats, rows: slice) -> Floats:
        """The base of some rows whose brightness is given."""
        a, b = upsample_rows(self.coefficients, self.size, rows)
        made: Floats = a * brightness + b
        return made


def fit_base_layer(brightness: Floats, size: ImageShape) -> BaseLayer:
    """The base of a picture of `size` from its brightness (in stops) on a reduced grid."""
    radius = max(1, max(brightness.shape) // RADIUS_DIVISOR)
    mean = box_filter(brightness, radius)
    variance = np.maximum(box_filter(brightness * brightness, radius) - mean * mean, 0)
    a = np.asarray(variance / (variance + EDGE_SIGMA_STOPS * EDGE_SIGMA_STOPS), np.float32)
    b = np.asarray(mean - a * mean, np.float32)
    return BaseLayer(np.stack([box_filter(a, radius), box_filter(b, radius)]), size)


def upsample_rows(planes: Floats, size: ImageShape, rows: slice) -> Floats:
    """Some rows of grid planes (C x h x w) enlarged to `size`, bilinear."""
    height, width = planes.shape[1:]
    low, high, down = _bilinear_positions(np.arange(rows.start, rows.stop), size[0], height)
    left, right, across = _bilinear_positions(np.arange(size[1]), size[1], width)
    band = planes[:, low] + (planes[:, high] - planes[:, low]) * down[:, None]
    made: Floats = band[:, :, left]
    made += (band[:, :, right] - made) * across
    return made


def box_filter(plane: Floats, radius: int) -> Floats:
    """Means over (2 radius + 1) squared of what lies in the plane."""
    return _box_filter_axis(_box_filter_axis(plane, radius, 0), radius, 1)


def _box_filter_axis(plane: Floats, radius: int, axis: int) -> Floats:
    n = plane.shape[axis]
    sums = np.insert(np.cumsum(plane, axis=axis, dtype=np.float64), 0, 0, axis=axis)
    high, low = np.minimum(np.arange(n) + radius + 1, n), np.maximum(np.arange(n) - radius, 0)
    count = (high - low).reshape((-1, 1) if axis == 0 else (1, -1))
    mean: Floats = ((np.take(sums, high, axis) - np.take(sums, low, axis)) / count).astype(np.float32)
    return mean


def _bilinear_positions(indices: np.ndarray, side_pixels: int, cells: int) -> tuple[np.ndarray, np.ndarray, Floats]:
    """For each pixel the two cells around it, and the share of the second."""
    x = np.clip((indices + 0.5) * cells / side_pixels - 0.5, 0, cells - 1)
    low = np.floor(x).astype(np.int64)
    return low, np.minimum(low + 1, cells - 1), (x - low).astype(np.float32)
