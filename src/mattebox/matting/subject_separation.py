"""Separation of subjects that touch: connected components of a matte, split where their shape and colours say so.

Two people who stand arm in arm are one component. Where the inside of a component, far enough from its outline, falls
into parts that stand side by side, each part is the core of a subject, and every other pixel goes to the core that the
cheapest path leads to, across the picture's edges (a watershed, Meyer & Beucher 1990, on geodesic distances). Parts
one above the other (head and body, seat and legs) are one subject. This is a guess by shape, not recognition.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from mattebox.core.connected_components import Component, label_components
from mattebox.matting.geodesic_distance import Float64Plane, geodesic_distances, neighbour_costs
from mattebox.types import Box, Floats, Mask, subject_box

MIN_COMPONENT_SHARE = 0.02  # of the grid: smaller components are not split
CORE_DEPTHS = (0.25, 0.35, 0.45, 0.55)  # of the greatest distance from the outline, at which cores are looked for
MIN_PEAK_RATIO = 1.8  # of a core's own greatest distance to that at which it separates
MIN_CORE_SHARE = 0.04  # of the component's area
MIN_PART_SHARE = 0.25  # of the component's area, of a part after the split
MIN_PART_HEIGHT_SHARE = 0.6  # of the component's height
MAX_WIDTH_OVERLAP = 0.35  # of the narrower of two parts that stand side by side
STEP_COST = 1e-3  # of a step in geodesic distances, relative to changes of colour


def separate_subjects(mask: Mask, features: Floats) -> tuple[np.ndarray, list[Component]]:
    """Label the subjects of a mask.

    Parameters
    ----------
    mask : Mask
        H x W: what is subject.
    features : Floats
        H x W x C, see `geodesic_features`.

    Returns
    -------
    labels : (H, W) int32
        0 outside; subject i of the list has the label i + 1.
    components : list of Component
        Largest first.
    """
    labels, components = label_components(mask)
    parts: list[Mask] = []
    for number, component in enumerate(components, start=1):
        whole: Mask = labels == number
        large = component.area >= MIN_COMPONENT_SHARE * mask.size
        parts += split_component(whole, features) if large else [whole]
    parts.sort(key=lambda part: -int(part.sum()))
    separated = np.zeros(mask.shape, np.int32)
    for number, part in enumerate(parts, start=1):
        separated[part] = number
    return separated, [Component(int(p.sum()), subject_box(p.astype(np.uint8) * np.uint8(255))) for p in parts]


def split_component(component: Mask, features: Floats) -> list[Mask]:
    """The subjects of a component that stand side by side; the component itself when it is one."""
    depth = _depth(component)
    for share in CORE_DEPTHS:
        cores = _merge_stacked(_find_cores(depth, share * float(depth.max()), int(component.sum())))
        if len(cores) > 1:
            parts = _assign_to_cores(component, cores, features)
            if _are_side_by_side(parts, component):
                return parts
    return [component]


def _depth(component: Mask) -> Float64Plane:
    """Distance of each pixel from the outline, 0 outside; the picture's border is no outline."""
    zeros = np.zeros(component.shape)
    if component.all():
        return zeros
    return geodesic_distances(~component, neighbour_costs(np.zeros((*zeros.shape, 1), np.float32), zeros, zeros, 1.0))


def _find_cores(depth: Float64Plane, level: float, area: int) -> list[Mask]:
    """The parts deeper than a level that are large and deep enough to be subjects."""
    labels, parts = label_components(depth > level)
    cores = [labels == i for i, part in enumerate(parts, start=1) if part.area >= MIN_CORE_SHARE * area]
    return [core for core in cores if depth[core].max() >= MIN_PEAK_RATIO * level]


def _merge_stacked(cores: list[Mask]) -> list[Mask]:
    """The cores, those one above the other as one."""
    merged: list[Mask] = []
    for core in cores:
        stacked = [other for other in merged if _width_overlap(_box(core), _box(other)) > MAX_WIDTH_OVERLAP]
        merged = [other for other in merged if not any(other is s for s in stacked)]
        merged.append(np.any([core, *stacked], axis=0))
    return merged


def _assign_to_cores(component: Mask, cores: list[Mask], features: Floats) -> list[Mask]:
    """Every pixel of the component to the core with the cheapest path inside it."""
    wall = np.where(component, 0.0, 1e3)
    costs = neighbour_costs(features, np.ones_like(wall), wall, STEP_COST)
    nearest = np.argmin([geodesic_distances(core, costs) for core in cores], axis=0)
    return [component & (nearest == i) for i in range(len(cores))]


def _are_side_by_side(parts: list[Mask], component: Mask) -> bool:
    """Whether all parts are large, about as high as the component, and beside each other."""
    boxes, (_, top, _, bottom) = [_box(part) for part in parts], _box(component)
    return (
        all(part.sum() >= MIN_PART_SHARE * component.sum() for part in parts)
        and all(b[3] - b[1] >= MIN_PART_HEIGHT_SHARE * (bottom - top) for b in boxes)
        and all(_width_overlap(a, b) <= MAX_WIDTH_OVERLAP for a, b in combinations(boxes, 2))
    )


def _width_overlap(a: Box, b: Box) -> float:
    """Share of the narrower box's width that lies over or under the other box."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) / max(1, min(a[2] - a[0], b[2] - b[0]))


def _box(mask: Mask) -> Box:
    return subject_box(mask.astype(np.uint8) * np.uint8(255))
