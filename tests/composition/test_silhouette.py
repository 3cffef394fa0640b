"""The silhouette is the largest connected part of an alpha."""

import numpy as np
import pytest

from mattebox.composition.silhouette import find_silhouette


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_largest_part_on_a_reduced_grid(dtype: type) -> None:
    alpha = np.zeros((400, 200), dtype)
    alpha[100:300, 40:120] = np.iinfo(dtype).max
    alpha[10:50, 150:190] = np.iinfo(dtype).max
    silhouette = find_silhouette(alpha, 100)
    assert silhouette is not None
    assert silhouette.cell_pixels == 4
    expected = np.zeros((100, 50), bool)
    expected[25:75, 10:30] = True
    np.testing.assert_array_equal(silhouette.mask, expected)


def test_nothing_opaque_has_none() -> None:
    assert find_silhouette(np.full((20, 20), 100, np.uint8), 20) is None
