"""The kernels of whole steps along the motion compute what their parts do, one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.types import Floats
from mattebox.video.motion import compose_motion, enlarge_motion, halve_motion, halve_plane, move_matte, move_planes
from mattebox.video.motion_filter import extend_route, motion_trust

SHAPE = (45, 61)  # odd


def _waves(channels: int, size: float, phase: float) -> Floats:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    planes = [np.sin(0.11 * x + 0.07 * y * (c + 1) + phase + c) * size for c in range(channels)]
    return np.stack(planes, axis=-1).astype(np.float32)


def _trust_by_parts(colours: Floats, other: Floats, forward: Floats, backward: Floats) -> Floats:
    there = halve_motion(forward)
    path = (there + move_planes(halve_motion(backward), there)) / np.float32(0.25)
    colour = np.abs(move_planes(other, forward) - colours).max(axis=-1) / np.float32(0.06)
    trust: Floats = np.exp(-(path * path).sum(axis=-1)) * halve_plane(np.exp(-colour * colour))
    return trust


def test_a_route_is_that_of_its_parts() -> None:
    colours, other = 0.5 + _waves(3, 0.3, 0), 0.5 + _waves(3, 0.3, 0.05)
    near, far = (_waves(2, 3, 0), -_waves(2, 2.9, 0.02)), (_waves(2, 2, 1), -_waves(2, 2.1, 1))
    there, back, trust = extend_route(colours, other, near, far)
    assert np.allclose(there, compose_motion(near[0], far[0]), atol=1e-5)
    assert np.allclose(back, compose_motion(far[1], near[1]), atol=1e-5)
    expected = _trust_by_parts(colours, other, there, back)
    assert 0.1 < expected.mean() < 0.9
    assert np.allclose(trust, expected, atol=1e-5)
    assert np.allclose(motion_trust(colours, other, *near), _trust_by_parts(colours, other, *near), atol=1e-5)


@pytest.mark.parametrize("shape", [(90, 122), (89, 121)])
def test_a_matte_moves_along_a_motion_on_half_its_grid(shape: tuple[int, int]) -> None:
    matte = np.random.default_rng(0).random(shape, dtype=np.float32)
    motion = _waves(2, 3, 0)
    assert np.allclose(move_matte(matte, motion), move_planes(matte, enlarge_motion(motion, shape)), atol=1e-3)
