"""Summed-area table: means over rectangles of any size at the cost of four look-ups a sample.

Crow, Summed-area tables for texture mapping, 1984. Where means over windows of several sizes are wanted, the sums are
computed once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.smoothing_filters import count_window_samples, subtract_window_ends
from mattebox.types import Floats


class SummedAreaTable:
    """Sums of planes over all rectangles from the left top corner.

    Parameters
    ----------
    planes : ndarray, C x H x W float32
        The planes.
    """

    def __init__(self, planes: Floats) -> None:
        channels, height, width = planes.shape
        self._sums: NDArray[np.float64] = np.zeros((channels, height + 1, width + 1))
        for plane, sums in zip(planes, self._sums[:, 1:, 1:], strict=True):
            np.cumsum(np.cumsum(plane, axis=0, dtype=np.float64), axis=1, out=sums)

    def window_means(self, radius: int) -> Floats:
        """C x H x W: means over squares of 2 `radius` + 1 samples a side; at the borders, of what lies inside."""
        channels, height, width = len(self._sums), self._sums.shape[1] - 1, self._sums.shape[2] - 1
        shares = 1 / np.outer(count_window_samples(height, radius), count_window_samples(width, radius))
        means = np.empty((channels, height, width), np.float32)
        for sums, mean in zip(self._sums, means, strict=True):
            rows = subtract_window_ends(sums, radius, 0)
            np.multiply(subtract_window_ends(rows, radius, 1), shares, out=mean, casting="same_kind")
        return means
