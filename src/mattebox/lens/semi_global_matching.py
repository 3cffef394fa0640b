"""Semi-global matching: disparities that fit the costs, and change little between neighbours.

Hirschmueller, Stereo Processing by Semiglobal Matching and Mutual Information, 2008. Costs are added up along eight
paths to each pixel; a change of disparity by one costs little, a larger one more, but less where brightness changes
too. A disparity is consistent where the one that is best for the right picture leads back to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.lens.matching_cost import Costs
from mattebox.types import Floats, Mask

SMALL_STEP_PENALTY = 50
LARGE_STEP_PENALTY = 300
EDGE_BRIGHTNESS = 8.0  # a difference between neighbours, of 255, that halves the penalty of a large step
UNREACHABLE_COST = 16_000  # above all that occur

PathCosts: TypeAlias = NDArray[np.int16]
CostSums: TypeAlias = NDArray[np.uint16]


class Disparities(NamedTuple):
    """Disparities of the left picture in pixels, (H, W) float32, and where both pictures agree on them, (H, W) bool."""

    values: Floats
    is_consistent: Mask


def match_disparities(costs: Costs, grey: Floats, start: int) -> Disparities:
    """Choose disparities.

    Parameters
    ----------
    costs : (H, W, D) uint8
        From `matching_costs`.
    grey : (H, W) float32
        The left picture's brightness, 0..255.
    start : int
        The disparity of the first of the costs, in pixels.
    """
    sums = _sum_paths(costs, grey)
    best: NDArray[np.int64] = sums.argmin(2)
    from_right = _best_for_right(sums, start)
    columns = np.arange(best.shape[1])[None, :] - best - start
    back = np.take_along_axis(from_right, np.clip(columns, 0, best.shape[1] - 1), 1)
    is_inside = (columns >= 0) & (columns < best.shape[1])
    values = best + _subpixel_offsets(sums, best) + np.float32(start)
    return Disparities(values.astype(np.float32), is_inside & (back == best))


def _sum_paths(costs: Costs, grey: Floats) -> CostSums:
    """Costs along paths from eight directions, summed."""
    sums: CostSums = np.zeros(costs.shape, np.uint16)
    for step in (1, -1):
        _add_paths(costs[::step], grey[::step], sums[::step], (-1, 0, 1))
        sideways = slice(None), slice(None, None, step)
        turned = costs[sideways].swapaxes(0, 1), grey[sideways].T, sums[sideways].swapaxes(0, 1)
        _add_paths(*turned, (0,))
    return sums


def _add_paths(costs: Costs, grey: Floats, sums: CostSums, shifts: Sequence[int]) -> None:
    """Add the costs of paths that go from line to line (axis 0), aside by each of `shifts` pixels a line."""
    _, width, count = costs.shape
    # Costs of the line before, with unreachable disparities on either side.
    before: PathCosts = np.full((len(shifts), width, count + 2), UNREACHABLE_COST, np.int16)
    before[..., 1:-1] = 0
    for line, line_costs in enumerate(costs):
        if line:
            before = np.stack([_shift_line(before[i], shift) for i, shift in enumerate(shifts)])
        lowest = before.min(2, keepdims=True)
        penalties = np.stack([_large_penalties(grey, line, shift) for shift in shifts])[..., None]
        reached = np.minimum(before[..., :-2], before[..., 2:])
        reached += SMALL_STEP_PENALTY
        np.minimum(reached, before[..., 1:-1], out=reached)
        np.minimum(reached, lowest + penalties, out=reached)
        reached -= lowest
        reached += line_costs
        sums[line] += reached.sum(0, dtype=np.uint16)
        before[..., 1:-1] = reached


def _shift_line(line: PathCosts, shift: int) -> PathCosts:
    """The line moved by pixels; paths that begin at its end cost nothing yet."""
    if shift == 0:
        return line
    moved = np.roll(line, shift, axis=0)
    moved[0 if shift > 0 else -1, 1:-1] = 0
    return moved


def _large_penalties(grey: Floats, line: int, shift: int) -> PathCosts:
    """Penalties of a large step of disparity, for each pixel of a line."""
    previous = np.roll(grey[max(0, line - 1)], shift)
    contrast = np.abs(grey[line] - previous) / EDGE_BRIGHTNESS
    penalties: PathCosts = np.maximum(LARGE_STEP_PENALTY / (1 + contrast), SMALL_STEP_PENALTY + 1).astype(np.int16)
    return penalties


def _best_for_right(sums: CostSums, start: int) -> NDArray[np.int64]:
    """Indices of the disparities that are best for each pixel of the right picture."""
    height, width, count = sums.shape
    lowest = np.full((height, width), np.iinfo(np.uint16).max, np.uint16)
    best = np.zeros((height, width), np.int64)
    for index in range(count):
        shift = start + index
        right, left = (
            slice(max(0, -shift), min(width, width - shift)),
            slice(max(0, shift), min(width, width + shift)),
        )
        candidate = sums[:, left, index]
        is_lower = candidate < lowest[:, right]
        lowest[:, right][is_lower] = candidate[is_lower]
        best[:, right][is_lower] = index
    return best


def _subpixel_offsets(sums: CostSums, best: NDArray[np.int64]) -> Floats:
    """Where a parabola through the lowest sum and its neighbours is lowest, -0.5..0.5; 0 at the ends of the range."""
    last = sums.shape[2] - 1
    below, middle, above = (
        np.take_along_axis(sums, np.clip(best + step, 0, last)[..., None], 2)[..., 0].astype(np.float32)
        for step in (-1, 0, 1)
    )
    curvature = below - 2 * middle + above
    is_inner = (best > 0) & (best < last) & (curvature > 0)
    offsets: Floats = np.where(is_inner, (below - above) / np.maximum(2 * curvature, 1), 0).astype(np.float32)
    return np.clip(offsets, -0.5, 0.5)
