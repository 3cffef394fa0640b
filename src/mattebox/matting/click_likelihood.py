"""How likely a pixel changes sides together with a click: boosted trees of paths, colours and the matte.

Features of a pixel are the cost of the cheapest paths from the click across the picture's edges and across foreign
colours (Bai & Sapiro 2007), its colour, its distances, what the matte says of it, and how many pixels are closer to the
click. Distances are in units of GRID_UNITS on the longer side, so that the grid's resolution does not matter.
The trees (`click_trees`) are fitted by `python -m benchmarks.click_fit` on validation photographs (decision 025).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mattebox.core.connected_components import dilate
from mattebox.matting.click_trees import INTERCEPT, TREES
from mattebox.matting.colour_distance import colour_distance
from mattebox.matting.geodesic_distance import (
    UNREACHABLE_DISTANCE,
    Float64Plane,
    geodesic_distances,
    neighbour_costs,
)
from mattebox.matting.symmetric_trees import evaluate_trees
from mattebox.types import Floats, Mask

STEP_COST = 1e-4  # of a step across a plain surface
FOREIGN_COLOUR_COST = 6e-4  # of a step over colours that are not those around the click
OWN_COLOUR_GRADIENT_WEIGHT = 0.02  # weight of a change between two of these colours, relative to other changes
COLOUR_RADIUS_SHARES = (0.0125, 0.03)  # of the longer side: radii around the click from which its colours are taken
GRID_UNITS = 200.0  # distances are measured in this share of the longer side
MIN_COST = 1e-3  # added to costs and alphas before their logarithm
MIN_OPPOSITE_SHARE = 0.002  # of the grid: smallest other side that areas are compared with

FEATURES = (
    "path cost",
    "path cost, close colours",
    "path cost, near colours",
    "foreign to close colours",
    "foreign to near colours",
    "distance",
    "opposite alpha",
    "opposite alpha at the click",
    "alpha difference",
    "colour odds",
    "colour odds at the click",
    "area before",
    "area before, near colours",
    "area before, of the other side",
    "distance to the other side",
    "distance of the click to the other side",
)


class ClickGrid(NamedTuple):
    """What is known of each sample of a grid h x w, from the side on which the click lies: `component` is what may
    change, `alpha` 0..1 how much the matte says that a sample is on the click's side, `colour_odds` the log odds of
    the same by colours alone, and `features` h x w x C those of `geodesic_features`."""

    component: Mask
    alpha: Floats
    colour_odds: Floats
    features: Floats

    @property
    def unit(self) -> float:
        """Samples to a unit of distance."""
        return float(max(self.component.shape) / GRID_UNITS)


def click_likelihood(grid: ClickGrid, seeds: Mask) -> Floats:
    """Probability h x w, 0..1, that a sample changes sides with the seeds; 0 outside the component."""
    logit = evaluate_trees(TREES, click_features(grid, seeds)[grid.component]) + INTERCEPT
    likelihood = np.zeros(grid.component.shape, np.float32)
    likelihood[grid.component] = 1 / (1 + np.exp(-logit))
    return likelihood


def click_features(grid: ClickGrid, seeds: Mask) -> Floats:
    """Features h x w x 16 of every sample, in the order of FEATURES."""
    opposite, inside = 1 - grid.alpha, grid.component
    plain = path_costs(grid, seeds, None)
    near = [path_costs(grid, seeds, radius_samples(grid, share)) for share in COLOUR_RADIUS_SHARES]
    foreign = [foreign_colours(grid, seeds, radius_samples(grid, share)) for share in COLOUR_RADIUS_SHARES]
    opposite_mask = grid.alpha <= 0.5
    to_opposite = _straight_distance(opposite_mask, grid)
    areas = [_area_before(cost, inside) for cost in near]
    opposite_share = max(float(opposite_mask.mean()), MIN_OPPOSITE_SHARE)
    at_click = float(opposite[seeds].min())
    planes = (
        *(_log(cost) for cost in (plain, *near)),
        *foreign,
        np.log(_straight_distance(seeds, grid) + 1),
        _log(opposite),
        np.full(opposite.shape, np.log(at_click + MIN_COST)),
        np.abs(_log(opposite) - np.log(at_click + MIN_COST)),
        grid.colour_odds,
        np.full(opposite.shape, grid.colour_odds[seeds].mean()),
        *(np.log(area) for area in areas),
        np.log(areas[0] / opposite_share),
        np.log(to_opposite + 1),
        np.full(opposite.shape, np.log(to_opposite[seeds].max() + 1)),
    )
    return np.stack(planes, axis=-1).astype(np.float32)


def path_costs(grid: ClickGrid, seeds: Mask, radius: int | None) -> Float64Plane:
    """Cost h x w of the cheapest path from the seeds inside the component, across all edges alike, or, with a radius,
    cheaper across the colours found so close to the seeds."""
    wall = np.where(grid.component, 0.0, UNREACHABLE_DISTANCE)
    if radius is None:
        return geodesic_distances(seeds, neighbour_costs(grid.features, np.ones_like(wall), wall, STEP_COST))
    foreign = foreign_colours(grid, seeds, radius).astype(np.float64)
    gradient_weight = foreign * (1 - OWN_COLOUR_GRADIENT_WEIGHT) + OWN_COLOUR_GRADIENT_WEIGHT
    costs = neighbour_costs(grid.features, gradient_weight, FOREIGN_COLOUR_COST * foreign + wall, STEP_COST)
    return geodesic_distances(seeds, costs)


def foreign_colours(grid: ClickGrid, seeds: Mask, radius: int) -> Floats:
    """How foreign each sample's colour is to those of the component so close to the seeds, 0..1."""
    reference = dilate(seeds, radius) & grid.component | seeds
    return np.minimum(colour_distance(grid.features, reference), np.float32(1))


def radius_samples(grid: ClickGrid, share: float) -> int:
    """A share of the longer side in samples."""
    longer_side: int = max(grid.component.shape)
    return max(1, round(share * longer_side))


def _straight_distance(mask: Mask, grid: ClickGrid) -> Float64Plane:
    """City-block distance of each sample to a mask, in units; the longer side where the mask is empty."""
    zeros = np.zeros(mask.shape)
    costs = neighbour_costs(np.zeros((*mask.shape, 1), np.float32), zeros, zeros, 1.0)
    return np.minimum(geodesic_distances(mask, costs) / grid.unit, GRID_UNITS)


def _area_before(cost: Float64Plane, component: Mask) -> Float64Plane:
    """Share of the grid's area that the component's samples of lower cost fill; 1 outside the component."""
    share = np.ones(component.shape)
    order = np.argsort(cost[component], kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    share[component] = ranks / component.size
    return share


def _log(values: Float64Plane | Floats) -> Float64Plane:
    return np.asarray(np.log(values + MIN_COST), np.float64)
