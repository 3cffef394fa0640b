"""Geodesic distances on a picture: how hard it is to come from a seed to a pixel without crossing edges.

After Bai & Sapiro, A Geodesic Framework for Fast Interactive Image and Video Segmentation (2007). The distance of
neighbours is a price; along a row or a column the cheapest way is a running minimum, so whole rows at once settle in
numpy, in alternation until nothing changes. Knows nothing of what the distances are for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]

FAR = 1e6  # farther than any way on a picture
ROUNDS = 12  # turns of a way, at most; on photographs more change little


class Prices(NamedTuple):
    """What a step costs: to the right neighbour H x (W - 1), to the one below (H - 1) x W."""

    across: Plane
    down: Plane


def prices(features: NDArray[np.float32], weight: Plane, place: Plane, step: float) -> Prices:
    """Of H x W x C features: `step` for the way itself, the squared change by the larger `weight` of its ends, and the
    mean of `place` at both."""
    sides = []
    for axis in (1, 0):
        change = np.square(np.diff(features, axis=axis)).sum(axis=2, dtype=np.float64)
        sides.append(step + change * _of_ends(np.maximum, weight, axis) + _of_ends(np.add, place, axis) / 2)
    return Prices(*sides)


def _of_ends(both: np.ufunc, plane: Plane, axis: int) -> Plane:
    """Both ends of every step along an axis, put together."""
    ends = (plane[:, :-1], plane[:, 1:]) if axis == 1 else (plane[:-1], plane[1:])
    return np.asarray(both(*ends))


def distances(seeds: NDArray[np.bool_], cost: Prices) -> Plane:
    """The cheapest way from any seed to each pixel; FAR when there is no seed."""
    far = np.where(seeds, 0.0, FAR)
    ways = [_running(cost.across, 1), _running(cost.down, 0)]
    for _ in range(ROUNDS):
        before = far
        for axis, way in zip((1, 0), ways, strict=True):
            far = np.minimum(_forward(far, way, axis), _backward(far, way, axis))
        if np.abs(far - before).max() < 1e-6:
            break
    return far


def _running(cost: Plane, axis: int) -> Plane:
    """What it costs to come to each pixel from its row's (or column's) first."""
    return np.pad(np.cumsum(cost, axis=axis), ((0, 0), (1, 0)) if axis == 1 else ((1, 0), (0, 0)))


def _forward(far: Plane, way: Plane, axis: int) -> Plane:
    return np.minimum.accumulate(far - way, axis=axis) + way


def _backward(far: Plane, way: Plane, axis: int) -> Plane:
    turned = np.flip(far + way, axis)
    return np.flip(np.minimum.accumulate(turned, axis=axis), axis) - way
