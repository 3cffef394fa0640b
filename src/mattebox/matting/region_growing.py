"""Region growing from seeds, by geodesic distances: the region ends where the distances rise most steeply.

Bai & Sapiro, A Geodesic Framework for Fast Interactive Image and Video Segmentation (2007), with the stability
criterion of maximally stable extremal regions (Matas et al., 2002) in place of a threshold. Distances are computed on
a grid of half the resolution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate, label_components
from mattebox.matting.geodesic_distance import (
    UNREACHABLE_DISTANCE,
    Float64Plane,
    geodesic_distances,
    neighbour_costs,
)
from mattebox.types import Floats, Mask

STEP_COST = 1e-4  # of a step across a plain surface
FOREIGN_COLOUR_COST = 6e-4  # of a step over colours that are not the seeds'
LOCAL_RADIUS_SHARES = (0.006, 0.025)  # of the longer side: radii around the seeds from which their colours are taken
COLOUR_TOLERANCE = 0.14  # distance at which a colour is foreign
OWN_COLOUR_GRADIENT_WEIGHT = 0.02  # weight of a change between two of the seeds' colours, relative to other changes
BINS_PER_CHANNEL = 16  # of the table of colour distances
MAX_COLOUR_SAMPLES = 32  # colours taken from around the seeds, about
STABILITY_GROWTH = 1.15  # a region is stable when the distance must rise much for it to grow by this factor
MIN_STABILITY = 0.4  # below, the component has no inner boundary and is taken as a whole
MAJORITY_STABILITY_WEIGHT = 0.5  # weight of the stability of regions larger than half of the component
MIN_REGION_PIXELS = 24
MAX_REGION_SHARE = 0.95  # of the component; a larger region is the component
SLIVER_RADIUS_PIXELS = 1  # half the width of remnants that join the region
FRINGE_WIDTH_SHARE = 0.03  # of the longer side: width of a soft fringe that joins the region
MAX_REMNANT_SHARE = 0.1  # of the region's area: smaller remnants join the region


def grow_region(seeds: Mask, component: Mask, features: Floats, opposing_seeds: Mask, fringe: Mask) -> Mask:
    """Grow the region of some seeds inside a component.

    Parameters
    ----------
    seeds, opposing_seeds : Mask
        Inside the component: seeds of the region, and of what does not belong to it. Pixels closer to the latter stay
        out.
    component : Mask
        H x W: the region lies inside, and has pixels.
    features : Floats
        H x W x C, see `geodesic_features`.
    fringe : Mask
        Soft pixels, which join the region when they are close to it.

    Returns
    -------
    Mask
        The region up to its clearest boundary; the component when there is none.
    """
    crop = _bounding_slices(component)
    part, part_seeds, part_opposing = component[crop], seeds[crop], opposing_seeds[crop]
    grid = HalfResolutionGrid(part, features[crop])
    radii = [max(1, round(share * max(component.shape))) for share in LOCAL_RADIUS_SHARES]
    distances = [grid.distances_from(part_seeds, radius) for radius in radii]
    candidates = (
        *(_most_stable_region(d, grid) for d in distances),
        _region_by_exclusion(distances[0], part_seeds, grid, radii[1]),
    )
    region, stability = max(candidates, key=lambda candidate: _weighted_stability(candidate[0], candidate[1], grid))
    if stability < MIN_STABILITY:
        region = grid.mask.copy()
    if part_opposing.any():
        region &= distances[0] < grid.distances_from(part_opposing, radii[0])
    region = (_double_resolution(region, part.shape) | part_seeds) & part
    result = np.zeros_like(component)
    result[crop] = smooth_region(region, part, part_opposing, fringe[crop])
    return result


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
    margin = max(2, round(LOCAL_RADIUS_SHARES[1] * max(box_mask.shape)))
    surroundings = dilate(box_mask, margin) & ~box_mask & ~subject_mask
    if not surroundings.any():
        return box_mask & ~subject_mask
    component = (box_mask | surroundings) & ~subject_mask
    crop = _bounding_slices(component)
    grid = HalfResolutionGrid(component[crop], features[crop])
    distance = grid.distances_from(surroundings[crop], 1)
    level, _ = stable_level(distance[grid.mask])
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


class HalfResolutionGrid:
    """A component and its features at half the resolution."""

    def __init__(self, component: Mask, features: Floats) -> None:
        """Reduce a component H x W and its features H x W x C."""
        self.mask = _halve_mask(component)
        inner = ~dilate(~self.mask, 1)  # without the mixed colours along the component's own edge
        self.interior = inner if inner.sum() > self.mask.sum() / 4 else self.mask
        self.features: Floats = _two_by_two_blocks(features).mean(axis=(1, 3), dtype=np.float32)

    def distances_from(self, seeds: Mask, radius: int) -> Float64Plane:
        """Distances inside the component from seeds at full resolution; steps over the colours within `radius` of the
        seeds are cheap, even where these change."""
        grid_seeds = _halve_mask(seeds)
        reference = dilate(grid_seeds, max(1, radius // 2)) & self.mask
        foreign = np.minimum(_colour_distance(self.features, reference), 1)
        pixel_cost = FOREIGN_COLOUR_COST * foreign.astype(np.float64) + np.where(self.mask, 0.0, UNREACHABLE_DISTANCE)
        gradient_weight = foreign * (1 - OWN_COLOUR_GRADIENT_WEIGHT) + OWN_COLOUR_GRADIENT_WEIGHT
        costs = neighbour_costs(self.features, gradient_weight, pixel_cost, STEP_COST)
        return geodesic_distances(grid_seeds, costs)


def smooth_region(region: Mask, component: Mask, opposing_seeds: Mask, fringe: Mask) -> Mask:
    """The region with the slivers and small remnants that it leaves of its component, and with its soft fringe."""
    rest = component & ~region
    core = ~dilate(~rest | fringe, SLIVER_RADIUS_PIXELS)
    labels, remnants = label_components(core)
    max_area = MAX_REMNANT_SHARE * region.sum()
    stays = np.array([False, *(i == 0 or remnant.area > max_area for i, remnant in enumerate(remnants))])
    stays[np.unique(labels[opposing_seeds])] = True
    stays[0] = False
    distant_fringe = fringe & ~dilate(region, round(FRINGE_WIDTH_SHARE * max(component.shape)))
    rest &= dilate(stays[labels], SLIVER_RADIUS_PIXELS + 1) | distant_fringe | opposing_seeds
    return component & ~rest


def _weighted_stability(region: Mask, stability: float, grid: HalfResolutionGrid) -> float:
    """Stability of a candidate, lower for one larger than half of the component: few corrections are so large."""
    is_minority = 2 * region.sum() < grid.mask.sum()
    return stability * (1 if is_minority else MAJORITY_STABILITY_WEIGHT)


def _most_stable_region(distance: Float64Plane, grid: HalfResolutionGrid) -> tuple[Mask, float]:
    """The region with the clearest boundary, and its stability."""
    level, stability = stable_level(distance[grid.interior])
    return distance <= level, stability


def _region_by_exclusion(
    distance: Float64Plane, seeds: Mask, grid: HalfResolutionGrid, radius: int
) -> tuple[Mask, float]:
    """The region that remains around the seeds when the rest is grown from its most typical colour, and its stability.

    It finds an object of many colours on a plain ground.
    """
    grid_seeds = _halve_mask(seeds)
    distant = np.argwhere(grid.mask & (distance >= np.median(distance[grid.mask])))
    colours = grid.features[distant[:, 0], distant[:, 1]]
    typical = np.zeros_like(grid.mask)
    typical[tuple(distant[np.abs(colours - np.median(colours, axis=0)).sum(axis=1).argmin()])] = True
    typical_seeds = _double_resolution(typical, (2 * typical.shape[0], 2 * typical.shape[1]))
    rest_distance = grid.distances_from(typical_seeds, radius)
    level, stability = stable_level(rest_distance[grid.interior], float(rest_distance[grid_seeds].min()))
    labels, _ = label_components(grid.mask & (rest_distance > level))
    return np.isin(labels, np.unique(labels[grid_seeds])) & (labels > 0), stability


def _colour_distance(features: Floats, reference_mask: Mask) -> Floats:
    """Squared distance H x W of each pixel's colour from the nearest colours of the reference pixels, in units of
    COLOUR_TOLERANCE, by a table of colours."""
    low, high = features[..., :3].min(axis=(0, 1)), features[..., :3].max(axis=(0, 1))
    bins = np.rint((features[..., :3] - low) / np.maximum(high - low, 1e-3) * (BINS_PER_CHANNEL - 1)).astype(np.int32)
    index = (bins[..., 0] * BINS_PER_CHANNEL + bins[..., 1]) * BINS_PER_CHANNEL + bins[..., 2]
    axes = [np.linspace(low[i], high[i], BINS_PER_CHANNEL, dtype=np.float32) for i in range(3)]
    colours = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    reference = features[reference_mask][:, :3]
    reference = reference[:: max(1, len(reference) // MAX_COLOUR_SAMPLES)]
    squared = np.square(colours).sum(axis=1)[:, None] - 2 * colours @ reference.T + np.square(reference).sum(axis=1)
    third = min(2, len(reference) - 1)  # the third nearest, so that one stray pixel does not count
    table = np.partition(squared, third, axis=1)[:, third].clip(0) / COLOUR_TOLERANCE**2
    result: Floats = table.astype(np.float32)[index]
    return result


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


def _two_by_two_blocks(plane: NDArray[Any]) -> NDArray[Any]:
    """h x 2 x w x 2 (x C) blocks; an odd last row or column is repeated."""
    channels = [(0, 0)] * (plane.ndim - 2)
    even = np.pad(plane, [(0, plane.shape[0] % 2), (0, plane.shape[1] % 2), *channels], mode="edge")
    return even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, *plane.shape[2:])
