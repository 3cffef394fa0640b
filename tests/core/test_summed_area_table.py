"""Means over windows from a summed-area table, against the box filter."""

import numpy as np
import pytest

from mattebox.core.smoothing_filters import box_filter
from mattebox.core.summed_area_table import SummedAreaTable


@pytest.mark.parametrize("shape", [(7, 9), (3, 20), (1, 1)])
def test_window_means_are_those_of_the_box_filter(shape: tuple[int, int]) -> None:
    planes = np.random.default_rng(0).random((2, *shape), np.float32)
    table = SummedAreaTable(planes)
    for radius in (1, 3, 30):
        expected = [box_filter(plane, radius) for plane in planes]
        np.testing.assert_allclose(table.window_means(radius), expected, atol=1e-6)
