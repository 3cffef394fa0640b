"""Connected components of a mask, by runs and union-find (Rosenfeld & Pfaltz 1966), and growing a mask. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Box, Pixels


@dataclass(frozen=True)
class Component:
    """A connected part: how many pixels it has, and the box around it."""

    area: int
    box: Box


def components(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], list[Component]]:
    """Parts that hang together by sides or corners: H x W labels (0 = outside), and the parts, largest first; part
    number i has label i + 1."""
    rows, starts, stops = _runs(mask)
    roots = _joined(rows, starts, stops)
    _, part = np.unique(roots, return_inverse=True)
    count = int(part.max()) + 1 if part.size else 0
    area = np.bincount(part, weights=stops - starts, minlength=count).astype(int)
    order = np.argsort(-area, kind="stable")
    rank = np.empty(count, np.int32)
    rank[order] = np.arange(count)
    found = _described(rank[part], rows, starts, stops, area[order]) if count else []
    labels = np.zeros(mask.shape, np.int32)
    for row, start, stop, label in zip(rows, starts, stops, rank[part] + 1, strict=True):
        labels[row, start:stop] = label
    return labels, found


def grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """The mask and all within `by` samples of it along both axes."""
    for _ in range(2):
        wide = mask.copy()
        for step in range(1, min(by, len(mask) - 1) + 1):
            wide[step:] |= mask[:-step]
            wide[:-step] |= mask[step:]
        mask = wide.T
    return mask


def subject_box(alpha: Pixels) -> Box:
    """Left, top, right, bottom of what is at least half subject; the whole plane when nothing is."""
    inside = alpha > np.iinfo(alpha.dtype).max // 2
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not rows.size:
        return (0, 0, alpha.shape[1], alpha.shape[0])
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Row, first and one-past-last column of every run of set pixels, in reading order."""
    steps = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(steps == 1)
    return rows, starts, np.nonzero(steps == -1)[1]


def _joined(rows: NDArray[Any], starts: NDArray[Any], stops: NDArray[Any]) -> NDArray[Any]:
    """For each run, the first run of its component."""
    parent = list(range(len(rows)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first = np.searchsorted(rows, rows - 1)  # of the row above
    row_of, begin, end = rows.tolist(), starts.tolist(), stops.tolist()
    above = 0
    for i, row in enumerate(row_of):
        above = max(above, int(first[i]))
        while above < i and row_of[above] == row - 1 and end[above] < begin[i]:
            above += 1
        j = above
        while j < i and row_of[j] == row - 1 and begin[j] <= end[i]:
            a, b = root(i), root(j)
            parent[max(a, b)] = min(a, b)
            j += 1
    return np.array([root(i) for i in range(len(parent))], dtype=int)


def _described(
    part: NDArray[Any], rows: NDArray[Any], starts: NDArray[Any], stops: NDArray[Any], area: NDArray[Any]
) -> list[Component]:
    count = len(area)
    left, top = np.full(count, 1 << 30), np.full(count, 1 << 30)
    right, bottom = np.zeros(count, int), np.zeros(count, int)
    np.minimum.at(left, part, starts)
    np.minimum.at(top, part, rows)
    np.maximum.at(right, part, stops)
    np.maximum.at(bottom, part, rows + 1)
    return [
        Component(int(a), (int(x), int(y), int(x2), int(y2)))
        for a, x, y, x2, y2 in zip(area, left, top, right, bottom, strict=True)
    ]
