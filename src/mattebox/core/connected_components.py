"""Connected components of a mask by run-length union (Rosenfeld & Pfaltz 1966), and dilation, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Box


@dataclass(frozen=True)
class Component:
    """A connected component: its area in pixels and its bounding box."""

    area: int
    box: Box


def label_components(
    mask: NDArray[np.bool_], connectivity: Literal[4, 8] = 8
) -> tuple[NDArray[np.int32], list[Component]]:
    """Label the connected components of a mask.

    Parameters
    ----------
    mask : (H, W) bool
    connectivity : {4, 8}
        Neighbours by sides, or by sides and corners.

    Returns
    -------
    labels : (H, W) int32
        0 outside; component i of the list has the label i + 1.
    components : list of Component
        Largest first; of equal ones the first in reading order.
    """
    rows, starts, stops = _find_runs(mask)
    roots = _merge_runs(rows, starts, stops, connectivity)
    _, component = np.unique(roots, return_inverse=True)
    count = int(component.max()) + 1 if component.size else 0
    area = np.bincount(component, weights=stops - starts, minlength=count).astype(int)
    order = np.argsort(-area, kind="stable")
    rank = np.empty(count, np.int32)
    rank[order] = np.arange(count)
    components = _measure_components(rank[component], rows, starts, stops, area[order]) if count else []
    labels = np.zeros(mask.shape, np.int32)
    labels[mask] = np.repeat(rank[component] + 1, stops - starts)  # runs and pixels are both in reading order
    return labels, components


def dilate(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """Dilation by a square of side 2 x `radius` + 1."""
    side = 2 * radius + 1
    for _ in range(2):
        wide, count = np.pad(mask, ((radius, radius), (0, 0))), 1
        while 2 * count <= side:  # each row holds the maximum of itself and the `count` - 1 below it
            wide[:-count] |= wide[count:]
            count *= 2
        mask = (wide[: len(mask)] | wide[side - count : side - count + len(mask)]).T
    return mask


def _find_runs(mask: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Row, first and one-past-last column of every run of set pixels, in reading order."""
    height, width = mask.shape
    flat = np.zeros(height * (width + 1) + 1, bool)  # a gap before each row and after the last
    flat[1:].reshape(height, width + 1)[:, :-1] = mask
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    rows = changes[::2] // (width + 1)
    return rows, changes[::2] - rows * (width + 1), changes[1::2] - rows * (width + 1)


def _merge_runs(
    rows: NDArray[Any], starts: NDArray[Any], stops: NDArray[Any], connectivity: Literal[4, 8]
) -> NDArray[Any]:
    """For each run, the first run of its component."""
    upper, lower = _find_adjacent_runs(rows, starts, stops, connectivity)
    first = np.arange(len(rows))
    while (first[upper] != first[lower]).any():
        least = np.minimum(first[upper], first[lower])
        for touching in (first[upper], first[lower]):
            np.minimum.at(first, touching, least)
        while (first[first] != first).any():
            first = first[first]
    return first


def _find_adjacent_runs(
    rows: NDArray[Any], starts: NDArray[Any], stops: NDArray[Any], connectivity: Literal[4, 8]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """All pairs of connected runs, one a row above the other."""
    width = stops.max(initial=0) + 2
    line, above = rows * width, (rows - 1) * width
    # With 8 neighbours, runs that only meet at a corner are connected: one stops in the column where the other starts.
    begin = np.searchsorted(line + stops, above + starts, side="left" if connectivity == 8 else "right")
    count = np.searchsorted(line + starts, above + stops, side="right" if connectivity == 8 else "left") - begin
    lower = np.repeat(np.arange(len(rows)), count)
    return np.arange(len(lower)) + np.repeat(begin - np.cumsum(count) + count, count), lower


def _measure_components(
    run_labels: NDArray[Any], rows: NDArray[Any], starts: NDArray[Any], stops: NDArray[Any], areas: NDArray[Any]
) -> list[Component]:
    count = len(areas)
    left, top = np.full(count, 1 << 30), np.full(count, 1 << 30)
    right, bottom = np.zeros(count, int), np.zeros(count, int)
    np.minimum.at(left, run_labels, starts)
    np.minimum.at(top, run_labels, rows)
    np.maximum.at(right, run_labels, stops)
    np.maximum.at(bottom, run_labels, rows + 1)
    return [
        Component(int(a), (int(x), int(y), int(x2), int(y2)))
        for a, x, y, x2, y2 in zip(areas, left, top, right, bottom, strict=True)
    ]
