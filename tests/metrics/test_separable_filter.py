"""Separable filtering against scipy."""

import numpy as np
import pytest

from mattebox.metrics.separable_filter import filter_separably, gaussian_kernel

ndimage = pytest.importorskip("scipy.ndimage")


def test_a_gaussian_kernel_has_sum_one_and_its_peak_in_the_middle() -> None:
    kernel = gaussian_kernel(radius=3, sigma=1.5)
    assert kernel.sum() == pytest.approx(1)
    assert kernel.argmax() == 3
    assert kernel == pytest.approx(kernel[::-1])


@pytest.mark.parametrize(("padding", "mode"), [("edge", "nearest"), ("constant", "constant")])
def test_it_correlates_along_columns_and_rows(padding: str, mode: str) -> None:
    plane = np.random.default_rng(1).random((12, 17))
    vertical, horizontal = np.array([1.0, 2, 4]), np.array([-1.0, 0, 3])
    expected = ndimage.correlate1d(ndimage.correlate1d(plane, vertical, 0, mode=mode), horizontal, 1, mode=mode)
    assert filter_separably(plane, vertical, horizontal, padding) == pytest.approx(expected)  # type: ignore[arg-type]
