"""A second word on the network's answer: marks say what to keep and what to drop, and no network runs again.

A mark stands for the region it lies in: what can be reached from it, geodesically, without crossing an edge of the
photograph or of the coarse matte and without leaving its own colours (Bai & Sapiro 2007), up to where the region ends
most clearly, as in maximally stable regions (Matas et al. 2002). A part of the matte that hangs together by itself goes
whole. Marks of the other kind hold on to what is nearer to them. Works on the matte's grid. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate, label_components, subject_box
from mattebox.io import resampling
from mattebox.matting.geodesic_distance import (
    UNREACHABLE_DISTANCE,
    Float64Plane,
    geodesic_distances,
    neighbour_costs,
)
from mattebox.matting.scribbles import Scribble
from mattebox.types import Floats, Matte, Picture

Mask = NDArray[np.bool_]

CHROMA_WEIGHT = 1.5  # how much more a change of hue says than one of brightness
ALPHA_FEATURE_WEIGHT = 0.5  # what the network's alpha counts beside a colour
STEP_COST = 1e-4  # price of a step across a plain surface
FOREIGN_COLOUR_COST = 6e-4  # price of a step over colours that are not the mark's
LOCAL_RADIUS_SHARES = (
    0.006,
    0.025,
)  # of the longer side: colours this near a mark are its own; the clearer result counts
COLOUR_TOLERANCE = 0.14  # how far a colour may be from the mark's and still be one of them
OWN_COLOUR_GRADIENT_WEIGHT = (
    0.02  # what a change between two of the mark's colours costs, of what it would cost elsewhere
)
BINS_PER_CHANNEL, COLOUR_SAMPLES = 16, 32  # of the table of colours
MIN_SCRIBBLE_ALPHA = 0.25  # alpha under a mark that says no more than what is there already
STABILITY_GROWTH = 1.15  # a region is stable when it takes much to grow by this
MIN_STABILITY = 0.4  # gain below which a part has no end inside, and belongs to the mark whole
MAJORITY_STABILITY_WEIGHT = 0.5  # what an end counts that takes more than half of the part: few wrongs are so large
MIN_REGION_PIXELS = 24  # pixels of a region
MAX_REGION_SHARE = 0.95  # of its part; beyond that it is the part
SLIVER_RADIUS_PIXELS = 1  # half the width of rests that are taken along
FRINGE_WIDTH_SHARE = 0.03  # of the longer side: a soft fringe this wide is taken along
OPAQUE_ALPHA = 0.95  # alpha of what is no fringe
MAX_REMNANT_SHARE = 0.1  # of the region's area: smaller rests are taken along
SEAM_RADIUS_PIXELS = 2  # pixels over which an edge is shared


def apply_scribbles(picture: Picture, matte: Matte, keep: Sequence[Scribble], drop: Sequence[Scribble]) -> Matte:
    """The coarse matte with the marks' regions kept and dropped. A dropped box is empty afterwards; what stands out in
    a kept box is kept. Where marks disagree, keep has the last word. Pure."""
    if not keep and not drop:
        return matte
    alpha = matte.alpha.astype(np.float32) / np.float32(matte.bit_depth.peak)
    seen = pixel_features(picture, alpha)
    less = remove_regions(alpha, seen, drop, keep)
    for box in (m.seed_mask(matte.shape) for m in drop if m.is_box):
        less = np.where(box, np.float32(0), less)
    more = 1 - remove_regions(1 - alpha, seen, keep, drop)
    made = np.where(more > alpha, np.maximum(more, less), less)
    for box in (m.seed_mask(matte.shape) for m in keep if m.is_box):
        made = np.maximum(made, _region_weight(segment_box(box, alpha > 0.5, seen), np.zeros_like(box)))
    whole = np.round(made * matte.bit_depth.peak).astype(matte.alpha.dtype)
    found = bool((whole > matte.bit_depth.peak // 2).any())
    return replace(matte, alpha=whole, found=found, box=subject_box(whole))


def pixel_features(picture: Picture, alpha: Floats) -> Floats:
    """H x W x 4 on the matte's grid: brightness, two differences of colours, and what the network said."""
    rgb = resampling.shrink(picture.rgb, (alpha.shape[0], alpha.shape[1])).astype(np.float32) / np.float32(255)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    half = CHROMA_WEIGHT / 2
    return np.stack([(r + g + b) / 3, half * (r - g), half * ((r + g) / 2 - b), ALPHA_FEATURE_WEIGHT * alpha], axis=2)


def remove_regions(
    alpha: Floats, features: Floats, scribbles: Sequence[Scribble], opposing_scribbles: Sequence[Scribble]
) -> Floats:
    """Alpha with the regions of `scribbles` at nothing. For what is to be kept, give and take 1 - alpha."""
    given = alpha
    guards = _union_mask([m for m in opposing_scribbles if not m.is_box], alpha.shape)
    for seeds in (m.seed_mask((alpha.shape[0], alpha.shape[1])) for m in scribbles if not m.is_box):
        most = float(given[seeds].max())
        if most < MIN_SCRIBBLE_ALPHA:
            continue
        firm = given > min(0.5, most / 2)
        labels, _ = label_components(firm)
        for label in np.unique(labels[seeds & firm]):
            part: Mask = labels == label
            guard = guards & part
            whole = label > 1 and not guard.any()
            region = part if whole else grow_region(seeds & part, part, features, guard, given < OPAQUE_ALPHA)
            alpha = alpha * (1 - _region_weight(region, part & ~region))
    return alpha


def grow_region(seeds: Mask, component: Mask, features: Floats, opposing_seeds: Mask, fringe: Mask) -> Mask:
    """What belongs to the seeds within a part: up to its clearest end, and never what is nearer to `opposing_seeds`. `fringe` is
    where the matte is not sure: a fringe that comes along."""
    rows, columns = (slice(v.min(), v.max() + 1) for v in np.nonzero(component))
    inside = (rows, columns)
    own, mine, others = component[inside], seeds[inside], opposing_seeds[inside]
    small, reach = (
        HalfResolutionPart(own, features[inside]),
        [max(1, round(r * max(component.shape))) for r in LOCAL_RADIUS_SHARES],
    )
    ways = [small.distances_from(mine, r) for r in reach]
    ends = (*(_most_stable_region(w, small) for w in ways), _region_by_exclusion(ways[0], mine, small, reach[1]))
    region, gain = max(
        ends, key=lambda end: end[1] * (1 if 2 * end[0].sum() < small.mask.sum() else MAJORITY_STABILITY_WEIGHT)
    )
    if gain < MIN_STABILITY:
        region = small.mask.copy()
    if others.any():
        region &= ways[0] < small.distances_from(others, reach[0])
    whole = _double_resolution(region, own.shape)
    made = np.zeros_like(component)
    made[inside] = smooth_region((whole | mine) & own, own, others, fringe[inside])
    return made


def _most_stable_region(distance: Float64Plane, half_grid: HalfResolutionPart) -> tuple[Mask, float]:
    """The region where distances end most clearly, and how clearly."""
    level, gain = stable_level(distance[half_grid.interior])
    return distance <= level, gain


def _region_by_exclusion(
    distance: Float64Plane, seeds: Mask, half_grid: HalfResolutionPart, radius: int
) -> tuple[Mask, float]:
    """The same from the other side: what is left around the seeds when what is most typical of the far half of the
    part has ended. A thing of many colours on a plain ground is found so."""
    first = _halve_mask(seeds)
    distant = np.argwhere(half_grid.mask & (distance >= np.median(distance[half_grid.mask])))
    colours = half_grid.features[distant[:, 0], distant[:, 1]]
    typical = np.zeros_like(half_grid.mask)
    typical[tuple(distant[np.abs(colours - np.median(colours, axis=0)).sum(axis=1).argmin()])] = True
    back = half_grid.distances_from(_double_resolution(typical, (2 * typical.shape[0], 2 * typical.shape[1])), radius)
    level, gain = stable_level(back[half_grid.interior], float(back[first].min()))
    labels, _ = label_components(half_grid.mask & (back > level))
    return np.isin(labels, np.unique(labels[first])) & (labels > 0), gain


def segment_box(box_mask: Mask, subject_mask: Mask, features: Floats) -> Mask:
    """What lies in a box and cannot be reached from around it before that ends most clearly; `subject_mask` is in."""
    around = dilate(box_mask, max(2, round(LOCAL_RADIUS_SHARES[1] * max(box_mask.shape)))) & ~box_mask & ~subject_mask
    if not around.any():
        return box_mask & ~subject_mask
    part = (box_mask | around) & ~subject_mask
    rows, columns = (slice(v.min(), v.max() + 1) for v in np.nonzero(part))
    small = HalfResolutionPart(part[rows, columns], features[rows, columns])
    far = small.distances_from(around[rows, columns], 1)
    level, _ = stable_level(far[small.mask])
    made = np.zeros_like(part)
    made[rows, columns] = _double_resolution(far > level, part[rows, columns].shape)
    return made & box_mask & ~subject_mask


def stable_level(distance: Float64Plane, max_distance: float = UNREACHABLE_DISTANCE) -> tuple[float, float]:
    """The distance at which a region ends most clearly: where it must go farthest, in proportion, to grow by a bit; and
    how clearly, as the logarithm of that proportion."""
    ordered = np.sort(distance[distance < UNREACHABLE_DISTANCE])
    count = len(ordered)
    first = min(MIN_REGION_PIXELS, count - 1)
    sizes = np.unique(np.geomspace(first + 1, max(first + 2, MAX_REGION_SHARE * count), 200).astype(int))
    sizes = sizes[sizes * STABILITY_GROWTH < count]
    sizes = sizes[ordered[sizes - 1] < max_distance]
    if not sizes.size:
        return float(ordered[-1]), 0.0
    gain = np.log((ordered[(sizes * STABILITY_GROWTH).astype(int)] + STEP_COST) / (ordered[sizes - 1] + STEP_COST))
    return float(ordered[sizes[gain.argmax()] - 1]), float(gain.max())


class HalfResolutionPart:
    """A part of the matte on a grid of half the size."""

    def __init__(self, mask: Mask, features: Floats) -> None:
        self.mask = _halve_mask(mask)
        inner = ~dilate(~self.mask, 1)  # without the mixed colours along its own edge
        self.interior = inner if inner.sum() > self.mask.sum() / 4 else self.mask
        self.features: Floats = _two_by_two_blocks(features).mean(axis=(1, 3), dtype=np.float32)

    def distances_from(self, seeds: Mask, radius: int) -> Float64Plane:
        """Distances inside the part from the seeds; cheap over their own colours, however these change."""
        first = _halve_mask(seeds)
        strange = np.minimum(_colour_distance(self.features, dilate(first, max(1, radius // 2)) & self.mask), 1)
        place = FOREIGN_COLOUR_COST * strange.astype(np.float64) + np.where(self.mask, 0.0, UNREACHABLE_DISTANCE)
        return geodesic_distances(
            first,
            neighbour_costs(
                self.features, strange * (1 - OWN_COLOUR_GRADIENT_WEIGHT) + OWN_COLOUR_GRADIENT_WEIGHT, place, STEP_COST
            ),
        )


def smooth_region(region: Mask, component: Mask, opposing_seeds: Mask, fringe: Mask) -> Mask:
    """The region with slivers and crumbs of the rest that it leaves along its edges and inside, and its soft fringe."""
    rest = component & ~region
    core = ~dilate(~rest | fringe, SLIVER_RADIUS_PIXELS)
    labels, parts = label_components(core)
    kept = np.array([False, *(i == 0 or p.area > MAX_REMNANT_SHARE * region.sum() for i, p in enumerate(parts))])
    kept[np.unique(labels[opposing_seeds])] = True
    kept[0] = False
    rest &= (
        dilate(kept[labels], SLIVER_RADIUS_PIXELS + 1)
        | (fringe & ~dilate(region, round(FRINGE_WIDTH_SHARE * max(component.shape))))
        | opposing_seeds
    )
    return component & ~rest


def _double_resolution(mask: Mask, shape: tuple[int, ...]) -> Mask:
    return np.repeat(np.repeat(mask, 2, 0), 2, 1)[: shape[0], : shape[1]]


def _two_by_two_blocks(plane: NDArray[Any]) -> NDArray[Any]:
    """h x 2 x w x 2 (x C) blocks of an even-sized plane, the last row and column repeated where odd."""
    rest = [(0, 0)] * (plane.ndim - 2)
    even = np.pad(plane, [(0, plane.shape[0] % 2), (0, plane.shape[1] % 2), *rest], mode="edge")
    return even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, *plane.shape[2:])


def _halve_mask(mask: Mask) -> Mask:
    return np.asarray(_two_by_two_blocks(mask).any(axis=(1, 3)))


def _colour_distance(features: Floats, reference_mask: Mask) -> Floats:
    """How unlike those near the mark a pixel's colour is, in units of tolerance, squared, by a table of colours."""
    low, high = features[..., :3].min(axis=(0, 1)), features[..., :3].max(axis=(0, 1))
    bins = np.rint((features[..., :3] - low) / np.maximum(high - low, 1e-3) * (BINS_PER_CHANNEL - 1)).astype(np.int32)
    index = (bins[..., 0] * BINS_PER_CHANNEL + bins[..., 1]) * BINS_PER_CHANNEL + bins[..., 2]
    axes = [np.linspace(low[i], high[i], BINS_PER_CHANNEL, dtype=np.float32) for i in range(3)]
    colours = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    own = features[reference_mask][:, :3]
    own = own[:: max(1, len(own) // COLOUR_SAMPLES)]
    apart = np.square(colours).sum(axis=1)[:, None] - 2 * colours @ own.T + np.square(own).sum(axis=1)
    third = min(2, len(own) - 1)
    table = np.partition(apart, third, axis=1)[:, third].clip(0) / COLOUR_TOLERANCE**2
    strange: Floats = table.astype(np.float32)[index]
    return strange


def _region_weight(region: Mask, rest: Mask) -> Floats:
    """How much of each pixel near a region's end is the region's: 1 inside, 0 far away and in the rest."""
    mine, others = (_box_sum(m) for m in (region, rest))
    share = mine / np.maximum(mine + others, 1e-6)
    return np.where(region, np.float32(1), np.where(rest, np.float32(0), share)).astype(np.float32)


def _box_sum(mask: Mask) -> Floats:
    plane = mask.astype(np.float32)
    for axis in (0, 1):
        wide = np.pad(plane, [(SEAM_RADIUS_PIXELS, SEAM_RADIUS_PIXELS) if a == axis else (0, 0) for a in (0, 1)])
        plane = sum(np.take(wide, range(i, i + plane.shape[axis]), axis) for i in range(2 * SEAM_RADIUS_PIXELS + 1))  # type: ignore[assignment]
    return plane


def _union_mask(scribbles: Sequence[Scribble], shape: tuple[int, ...]) -> Mask:
    made = np.zeros(shape, np.bool_)
    for mark in scribbles:
        made |= mark.seed_mask((shape[0], shape[1]))
    return made
