"""Linear interpolation: neighbours, weights, and clipping at the ends."""

import numpy as np

from mattebox.core.interpolation import linear_neighbours


def test_neighbours_and_weights() -> None:
    lower, upper, weight = linear_neighbours(np.array([-0.5, 0.0, 0.25, 1.75, 2.0, 9.0]), 3)
    assert lower.tolist() == [0, 0, 0, 1, 2, 2]
    assert upper.tolist() == [1, 1, 1, 2, 2, 2]
    assert weight.tolist() == [0, 0, 0.25, 0.75, 0, 0]


def test_one_sample() -> None:
    lower, upper, weight = linear_neighbours(np.array([0.3]), 1)
    assert (lower[0], upper[0], weight[0]) == (0, 0, 0)
