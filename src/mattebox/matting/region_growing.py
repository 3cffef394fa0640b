"""Regions of clicks and boxes on a matte's grid.

A click's region are the pixels that likely change sides with it (see `click_likelihood`). In a box it is what a region
grown from around the box does not reach, by geodesic distances (Bai & Sapiro 2007) up to the most stable level, as in
maximally stable extremal regions (Matas et al., 2002). Both are computed at half the resolution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate, label_components
from mattebox.io import resampling
from mattebox.matting.click_likelihood import (
    COLOUR_RADIUS_SHARES,
    STEP_COST,
    ClickGrid,
    click_likelihood,
    path_costs,
    radius_samples,
)
from mattebox.matting.geodesic_distance import UNREACHABLE_DISTANCE, Float64Plane
from mattebox.types import Floats, ImageShape, Mask

MIN_LIKELIHOOD = 0.85  # of a pixel that changes with a click
MIN_WHOLE_LIKELIHOOD = 0.8  # on average, of a small component that changes as a whole
MIN_STABILITY = 0.4  # of a region with a clear boundary
MIN_MEAN_LIKELIHOOD = 0.6  # of such a region
BOX_MARGIN_SHARE = 0.025  # of the longer side: width of what counts as a box's surroundings
STABILITY_GROWTH = 1.15  # a region is stable when the distance must rise much for it to grow by this factor
MIN_REGION_PIXELS = 24
MAX_REGION_SHARE = 0.95  # of the component; a larger region is the component


def grow_region(seeds: Mask, grid: ClickGrid, opposing_seeds: Mask, *, is_small: bool = False) -> Mask:
    """Grow the region of a click or stroke inside a component.

    Parameters
    ----------
    seeds : Mask
        H x W: what the user marked of the component.
    grid : ClickGrid
        The component, and what is known of its pixels.
    opposing_seeds : Mask
        What the user marked as not belonging to it; pixels closer to these stay out.
    is_small : bool
        Whether the component may change as a whole, where that is likely on average and nothing opposes it.

    Returns
    -------
    Mask
        The connected pixels of the component that likely change together with the seeds.
    """
    reduced, reduced_seeds = halve_grid(grid), _halve_mask(seeds)
    likelihood = click_likelihood(reduced, reduced_seeds)
    if is_small and not opposing_seeds.any() and likelihood[reduced.component].mean() >= MIN_WHOLE_LIKELIHOOD:
        return grid.component
    likelihood[reduced_seeds] = 1
    labels, _ = label_components(likelihood > MIN_LIKELIHOOD)
    region = np.isin(labels, np.unique(labels[reduced_seeds])) | _clear_region(reduced, reduced_seeds, likelihood)
    if opposing_seeds.any():
        radius = radius_samples(reduced, COLOUR_RADIUS_SHARES[0])
        others = _halve_mask(opposing_seeds)
        region &= path_costs(reduced, reduced_seeds, radius) < path_costs(reduced, others, radius)
    smooth = resampling.enlarge(region.astype(np.float32), _even(grid.component.shape), "bilinear")
    inside: Mask = smooth[: seeds.shape[0], : seeds.shape[1]] > 0.5
    return (inside | seeds) & grid.component


def _clear_region(grid: ClickGrid, seeds: Mask, likelihood: Floats) -> Mask:
    """The region around the seeds with the clearest boundary, if it has one, is not most of the component, and is
    likely to change on the whole: a thing that is larger than what networks usually get wrong. Else nothing."""
    best, stability = np.zeros_like(seeds), MIN_STABILITY
    for share in COLOUR_RADIUS_SHARES:
        cost = path_costs(grid, seeds, radius_samples(grid, share))
        level, clarity = stable_level(cost[grid.component])
        region: Mask = grid.component & (cost <= level)
        if clarity > stability and 2 * region.sum() < grid.component.sum():
            best, stability = region, clarity
    is_likely = best.any() and likelihood[best].mean() >= MIN_MEAN_LIKELIHOOD
    return best if is_likely else np.zeros_like(seeds)


def segment_box(box_mask: Mask, subject_mask: Mask, features: Floats) -> Mask:
    """Segment what stands out from its surroundings in a box.

    Parameters
    ----------
    box_mask : Mask
        H x W: the box.
    subject_mask : Mask
        What is subject already, and not looked at.
    features : Floats
        H x W x C, see `geodesic_features`.

    Returns
    -------
    Mask
        The pixels of the box outside the subject that a region grown from around the box does not reach.
    """
    margin = max(2, round(BOX_MARGIN_SHARE * max(box_mask.shape)))
    surroundings = dilate(box_mask, margin) & ~box_mask & ~subject_mask
    if not surroundings.any():
        return box_mask & ~subject_mask
    component = (box_mask | surroundings) & ~subject_mask
    crop = _bounding_slices(component)
    alpha = subject_mask.astype(np.float32)
    grid = halve_grid(ClickGrid(component[crop], alpha[crop], alpha[crop], features[crop]))
    distance = path_costs(grid, _halve_mask(surroundings[crop]), 1)
    level, _ = stable_level(distance[grid.component])
    result = np.zeros_like(component)
    result[crop] = _double_resolution(distance > level, component[crop].shape)
    return result & box_mask & ~subject_mask


def stable_level(distance: Float64Plane, max_distance: float = UNREACHABLE_DISTANCE) -> tuple[float, float]:
    """The distance at which a region ends most clearly, and its stability.

    Parameters
    ----------
    distance : Float64Plane
        Distances of the candidate pixels.
    max_distance : float
        The region ends below.

    Returns
    -------
    tuple of float
        The level, and the logarithm of the factor by which the distance must rise from there for the region to grow by
        STABILITY_GROWTH.
    """
    ordered = np.sort(distance[distance < UNREACHABLE_DISTANCE])
    count = len(ordered)
    smallest = min(MIN_REGION_PIXELS, count - 1) + 1
    sizes = np.unique(np.geomspace(smallest, max(smallest + 1, MAX_REGION_SHARE * count), 200).astype(int))
    sizes = sizes[sizes * STABILITY_GROWTH < count]
    sizes = sizes[ordered[sizes - 1] < max_distance]
    if not sizes.size:
        return float(ordered[-1]), 0.0
    outer = ordered[(sizes * STABILITY_GROWTH).astype(int)]
    stability = np.log((outer + STEP_COST) / (ordered[sizes - 1] + STEP_COST))
    return float(ordered[sizes[stability.argmax()] - 1]), float(stability.max())


def halve_grid(grid: ClickGrid) -> ClickGrid:
    """The grid at half the resolution."""
    alpha, odds = (_mean_of_blocks(plane) for plane in (grid.alpha, grid.colour_odds))
    return ClickGrid(_halve_mask(grid.component), alpha, odds, _mean_of_blocks(grid.features))


def _bounding_slices(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns that hold a mask's pixels."""
    rows, columns = (slice(v.min(), v.max() + 1) for v in np.nonzero(mask))
    return rows, columns


def _double_resolution(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Each pixel as a block of two by two, cropped to a shape."""
    return np.repeat(np.repeat(mask, 2, 0), 2, 1)[: shape[0], : shape[1]]


def _halve_mask(mask: Mask) -> Mask:
    """At half the resolution, the blocks that hold a pixel of the mask."""
    return np.asarray(_two_by_two_blocks(mask).any(axis=(1, 3)))


def _mean_of_blocks(plane: Floats) -> Floats:
    """Means of blocks of two by two."""
    means: Floats = _two_by_two_blocks(plane).mean(axis=(1, 3), dtype=np.float32)
    return means


def _even(shape: tuple[int, ...]) -> ImageShape:
    """A height and width rounded up to even numbers."""
    return shape[0] + shape[0] % 2, shape[1] + shape[1] % 2


def _two_by_two_blocks(plane: NDArray[Any]) -> NDArray[Any]:
    """h x 2 x w x 2 (x C) blocks; an odd last row or column is repeated."""
    channels = [(0, 0)] * (plane.ndim - 2)
    even = np.pad(plane, [(0, plane.shape[0] % 2), (0, plane.shape[1] % 2), *channels], mode="edge")
    return even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, *plane.shape[2:])
