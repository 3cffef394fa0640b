from __future__ import annotations

import numpy as np
import pytest

from mattebox.io import resampling
from mattebox.types import Floats
from mattebox.video.bilinear_sampling import find_places, sample_plane
from mattebox.video.matte_averaging import SETTLED_MARGIN, MovedMatte, average_mattes
from mattebox.video.motion import move_matte


def _waves(shape: tuple[int, int], size: float, phase: float) -> Floats:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.stack([np.sin(0.11 * x + 0.07 * y * (c + 1) + phase + c) * size for c in range(2)], axis=-1)


def _disc(shape: tuple[int, int], column: float) -> Floats:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.clip((25 - np.hypot(y - 50, x - column)) / 4 + 0.5, 0, 1)


@pytest.mark.parametrize("shape", [(7, 9), (1, 5), (6, 1)])
def test_samples_are_bilinear_and_the_rim_is_repeated(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    plane = rng.random(shape, dtype=np.float32)
    y, x = (rng.uniform(-2, side + 1, (4, 6)).astype(np.float32) for side in shape)
    found = sample_plane(plane, find_places(x, y, shape))
    for place in np.ndindex(4, 6):
        column = [np.interp(x[place], np.arange(shape[1]), row) for row in plane]
        assert found[place] == pytest.approx(np.interp(y[place], np.arange(shape[0]), column), abs=1e-5)


@pytest.mark.parametrize("shape", [(120, 160), (119, 159)])
def test_the_mean_is_that_of_whole_planes(shape: tuple[int, int]) -> None:
    half, quarter = ((shape[0] + 1) // 2, (shape[1] + 1) // 2), (30, 40)
    trusts = np.random.default_rng(0).random((2, *quarter), dtype=np.float32)
    mattes = [
        MovedMatte(_disc(shape, 62), _waves(half, 4, 0), trusts[0], 0.8),
        MovedMatte(_disc(shape, 54), _waves(half, 6, 2), trusts[1], 0.5, 0.01),
    ]
    own = _disc(shape, 58)
    total, weight = own.copy(), np.ones_like(own)
    for matte in mattes:
        share = np.float32(matte.weight) * resampling.enlarge(matte.trust, shape, "bilinear") + matte.least_weight
        total += share * move_matte(matte.alpha, matte.motion)
        weight += share
    averaged = average_mattes(own, 1.0, mattes)
    assert np.abs(averaged - own).max() > 0.2
    assert np.abs(averaged - total / weight).max() < SETTLED_MARGIN
    assert (averaged[:, -40:] == 0).all()
