"""The largest and smallest channel of each pixel, beside NumPy's reductions of the last axis."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.core.channel_extremes import largest_channel, smallest_channel


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("shape", [(5, 7, 3), (0, 3), (4, 4), (6, 1)])
def test_channels_are_compared_as_numpy_does(kind: type, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 200, shape).astype(kind)
    for found, expected in (
        (largest_channel(pixels), pixels.max(axis=-1)),
        (smallest_channel(pixels), pixels.min(axis=-1)),
    ):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_what_is_not_a_number_stays_so() -> None:
    pixels = np.float32([[0, np.nan, 1], [2, 3, 4]])
    np.testing.assert_array_equal(largest_channel(pixels), np.float32([np.nan, 4]))
    np.testing.assert_array_equal(smallest_channel(pixels), np.float32([np.nan, 2]))
