"""Geodesic distances on a picture: how hard it is to come from a seed to a pixel without crossing edges.

After Bai & Sapiro, A Geodesic Framework for Fast Interactive Image and Video Segmentation (2007). The distance of
neighbours is a price; along a row or a column the cheapest way is a running minimum, so whole rows at once settle in
numpy, in alternation until nothing changes. Knows nothing of what the distances are for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Float64Plane = NDArray[np.float64]

UNREACHABLE_DISTANCE = 1e6  # farther than any way on a picture
MAX_SWEEPS = 12  # turns of a way, at most; on photographs more change little


class NeighbourCosts(NamedTuple):
    """What a step costs: to the right neighbour H x (W - 1), to the one below (H - 1) x W."""

    horizontal: Float64Plane
    vertical: Float64Plane


def neighbour_costs(
    features: NDArray[np.float32], gradient_weight: Float64Plane, pixel_cost: Float64Plane, step_cost: float
) -> NeighbourCosts:
    """Of H x W x C features: `step_cost` for the way itself, the squared change by the larger `gradient_weight` of its ends, and the
    mean of `pixel_cost` at both."""
    sides = []
    for axis in (1, 0):
        change = np.square(np.diff(features, axis=axis)).sum(axis=2, dtype=np.float64)
        sides.append(
            step_cost
            + change * _combine_neighbours(np.maximum, gradient_weight, axis)
            + _combine_neighbours(np.add, pixel_cost, axis) / 2
        )
    return NeighbourCosts(*sides)


def _combine_neighbours(combine: np.ufunc, plane: Float64Plane, axis: int) -> Float64Plane:
    """Both ends of every step along an axis, put together."""
    ends = (plane[:, :-1], plane[:, 1:]) if axis == 1 else (plane[:-1], plane[1:])
    return np.asarray(combine(*ends))


def geodesic_distances(seeds: NDArray[np.bool_], costs: NeighbourCosts) -> Float64Plane:
    """The cheapest way from any seed to each pixel; FAR when there is no seed."""
    far = np.where(seeds, 0.0, UNREACHABLE_DISTANCE)
    ways = [_cumulative_cost(costs.horizontal, 1), _cumulative_cost(costs.vertical, 0)]
    for _ in range(MAX_SWEEPS):
        before = far
        for axis, way in zip((1, 0), ways, strict=True):
            far = np.minimum(_sweep_forward(far, way, axis), _sweep_backward(far, way, axis))
        if np.abs(far - before).max() < 1e-6:
            break
    return far


def _cumulative_cost(cost: Float64Plane, axis: int) -> Float64Plane:
    """What it costs to come to each pixel from its row's (or column's) first."""
    return np.pad(np.cumsum(cost, axis=axis), ((0, 0), (1, 0)) if axis == 1 else ((1, 0), (0, 0)))


def _sweep_forward(distance: Float64Plane, cumulative_cost: Float64Plane, axis: int) -> Float64Plane:
    return np.minimum.accumulate(distance - cumulative_cost, axis=axis) + cumulative_cost


def _sweep_backward(distance: Float64Plane, cumulative_cost: Float64Plane, axis: int) -> Float64Plane:
    turned = np.flip(distance + cumulative_cost, axis)
    return np.flip(np.minimum.accumulate(turned, axis=axis), axis) - cumulative_cost
