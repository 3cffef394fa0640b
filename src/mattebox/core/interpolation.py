"""Linear interpolation between samples: the two neighbours of a position, and the weight of the second."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats


class LinearNeighbours(NamedTuple):
    """For each position the samples before and after it, and the weight 0..1 of the one after."""

    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    upper_weight: Floats


def linear_neighbours(positions: NDArray[np.float64], count: int) -> LinearNeighbours:
    """Neighbours of fractional positions among samples 0 to `count` - 1; positions outside are clipped to the ends."""
    clipped = np.clip(positions, 0, count - 1)
    lower = np.floor(clipped).astype(np.int64)
    return LinearNeighbours(lower, np.minimum(lower + 1, count - 1), (clipped - lower).astype(np.float32))
