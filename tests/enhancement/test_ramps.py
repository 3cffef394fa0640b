"""Ramps keep to 0 and 1 at their ends."""

import numpy as np
import pytest

from mattebox.enhancement.ramps import fade_out, smoothstep


@pytest.mark.parametrize(("value", "weight"), [(0, 1), (1, 1), (2, 0.5), (3, 0), (9, 0)])
def test_fade_out(value: float, weight: float) -> None:
    assert fade_out(value, 1, 3) == weight


def test_smoothstep() -> None:
    x = np.array([-1, 0, 1, 2, 3], np.float32)
    assert smoothstep(x, 2).tolist() == [0, 0, 0.5, 1, 1]
