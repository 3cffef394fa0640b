"""Geodesic distances on a picture: the cost of the cheapest path from a seed to each pixel, where edges are expensive.

After Bai & Sapiro, A Geodesic Framework for Fast Interactive Image and Video Segmentation (2007). Along a row or a
column the cheapest path is a running minimum, which numpy computes for all rows at once; rows and columns alternate
until nothing changes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats, Mask

Float64Plane = NDArray[np.float64]

UNREACHABLE_DISTANCE = 1e6  # more than any path across a picture costs
MAX_SWEEPS = 12  # on photographs, more change little
CONVERGENCE_TOLERANCE = 1e-6  # largest change of a distance at which the sweeps stop


class NeighbourCosts(NamedTuple):
    """Cost of a step to the right neighbour, H x (W - 1), and to the one below, (H - 1) x W."""

    horizontal: Float64Plane
    vertical: Float64Plane


def neighbour_costs(
    features: Floats, gradient_weight: Float64Plane, pixel_cost: Float64Plane, step_cost: float
) -> NeighbourCosts:
    """Costs of the steps between neighbouring pixels.

    Parameters
    ----------
    features : Floats
        H x W x C; the squared difference of two neighbours is the cost of the step between them.
    gradient_weight : Float64Plane
        H x W: weight of that cost, the larger of both ends.
    pixel_cost : Float64Plane
        H x W: cost added to each step, the mean of both ends.
    step_cost : float
        Cost added to every step.
    """
    costs = []
    for axis in (1, 0):
        change = np.square(np.diff(features, axis=axis)).sum(axis=2, dtype=np.float64)
        costs.append(
            step_cost
            + change * _combine_neighbours(np.maximum, gradient_weight, axis)
            + _combine_neighbours(np.add, pixel_cost, axis) / 2
        )
    return NeighbourCosts(*costs)


def _combine_neighbours(combine: np.ufunc, plane: Float64Plane, axis: int) -> Float64Plane:
    """A function of both ends of every step along an axis."""
    ends = (plane[:, :-1], plane[:, 1:]) if axis == 1 else (plane[:-1], plane[1:])
    return np.asarray(combine(*ends))


def geodesic_distances(seeds: Mask, costs: NeighbourCosts) -> Float64Plane:
    """Cost H x W of the cheapest path from any seed to each pixel; UNREACHABLE_DISTANCE when there is no seed."""
    distance = np.where(seeds, 0.0, UNREACHABLE_DISTANCE)
    path_costs = [_cumulative_cost(costs.horizontal, 1), _cumulative_cost(costs.vertical, 0)]
    for _ in range(MAX_SWEEPS):
        previous = distance
        for axis, path_cost in zip((1, 0), path_costs, strict=True):
            distance = np.minimum(_sweep_forward(distance, path_cost, axis), _sweep_backward(distance, path_cost, axis))
        if np.abs(distance - previous).max() < CONVERGENCE_TOLERANCE:
            break
    return distance


def _cumulative_cost(cost: Float64Plane, axis: int) -> Float64Plane:
    """Cost of the straight path to each pixel from the first of its row (axis 1) or column (axis 0)."""
    return np.pad(np.cumsum(cost, axis=axis), ((0, 0), (1, 0)) if axis == 1 else ((1, 0), (0, 0)))


def _sweep_forward(distance: Float64Plane, cumulative_cost: Float64Plane, axis: int) -> Float64Plane:
    """Distances by paths that go right (axis 1) or down (axis 0)."""
    return np.minimum.accumulate(distance - cumulative_cost, axis=axis) + cumulative_cost


def _sweep_backward(distance: Float64Plane, cumulative_cost: Float64Plane, axis: int) -> Float64Plane:
    """Distances by paths that go left (axis 1) or up (axis 0)."""
    flipped = np.flip(distance + cumulative_cost, axis)
    return np.flip(np.minimum.accumulate(flipped, axis=axis), axis) - cumulative_cost
