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

from mattebox.core.connected_components import components, grown, subject_box
from mattebox.io import resampling
from mattebox.matting.geodesic_distance import FAR, Plane, distances, prices
from mattebox.matting.scribbles import Mark
from mattebox.types import Floats, Matte, Picture

Mask = NDArray[np.bool_]

CHROMA = 1.5  # how much more a change of hue says than one of brightness
OPINION = 0.5  # what the network's alpha counts beside a colour
STEP = 1e-4  # price of a step across a plain surface
FOREIGN = 6e-4  # price of a step over colours that are not the mark's
LOCAL = (0.006, 0.025)  # of the longer side: colours this near a mark are its own; the clearer result counts
TOLERANCE = 0.14  # how far a colour may be from the mark's and still be one of them
PLAIN = 0.02  # what a change between two of the mark's colours costs, of what it would cost elsewhere
BINS, SAMPLES = 16, 32  # of the table of colours
FAINT = 0.25  # alpha under a mark that says no more than what is there already
GROWTH = 1.15  # a region is stable when it takes much to grow by this
CLEAR = 0.4  # gain below which a part has no end inside, and belongs to the mark whole
MAJORITY = 0.5  # what an end counts that takes more than half of the part: few wrongs are so large
LEAST = 24  # pixels of a region
MOST = 0.95  # of its part; beyond that it is the part
SLIVER = 1  # half the width of rests that are taken along
FRINGE = 0.03  # of the longer side: a soft fringe this wide is taken along
FIRM = 0.95  # alpha of what is no fringe
CRUMB = 0.1  # of the region's area: smaller rests are taken along
SEAM = 2  # pixels over which an edge is shared


def prompted(picture: Picture, matte: Matte, keep: Sequence[Mark], drop: Sequence[Mark]) -> Matte:
    """The coarse matte with the marks' regions kept and dropped. A dropped box is empty afterwards; what stands out in
    a kept box is kept. Where marks disagree, keep has the last word. Pure."""
    if not keep and not drop:
        return matte
    alpha = matte.alpha.astype(np.float32) / np.float32(matte.depth.peak)
    seen = features(picture, alpha)
    less = withdrawn(alpha, seen, drop, keep)
    for box in (m.seeds(matte.size) for m in drop if m.box):
        less = np.where(box, np.float32(0), less)
    more = 1 - withdrawn(1 - alpha, seen, keep, drop)
    made = np.where(more > alpha, np.maximum(more, less), less)
    for box in (m.seeds(matte.size) for m in keep if m.box):
        made = np.maximum(made, _share(standing_out(box, alpha > 0.5, seen), np.zeros_like(box)))
    whole = np.round(made * matte.depth.peak).astype(matte.alpha.dtype)
    found = bool((whole > matte.depth.peak // 2).any())
    return replace(matte, alpha=whole, found=found, box=subject_box(whole))


def features(picture: Picture, alpha: Floats) -> Floats:
    """H x W x 4 on the matte's grid: brightness, two differences of colours, and what the network said."""
    rgb = resampling.shrink(picture.rgb, (alpha.shape[0], alpha.shape[1])).astype(np.float32) / np.float32(255)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    half = CHROMA / 2
    return np.stack([(r + g + b) / 3, half * (r - g), half * ((r + g) / 2 - b), OPINION * alpha], axis=2)


def withdrawn(alpha: Floats, seen: Floats, marks: Sequence[Mark], against: Sequence[Mark]) -> Floats:
    """Alpha with the regions of `marks` at nothing. For what is to be kept, give and take 1 - alpha."""
    given = alpha
    guards = _union([m for m in against if not m.box], alpha.shape)
    for seeds in (m.seeds((alpha.shape[0], alpha.shape[1])) for m in marks if not m.box):
        most = float(given[seeds].max())
        if most < FAINT:
            continue
        firm = given > min(0.5, most / 2)
        labels, _ = components(firm)
        for label in np.unique(labels[seeds & firm]):
            part: Mask = labels == label
            guard = guards & part
            whole = label > 1 and not guard.any()
            region = part if whole else region_of(seeds & part, part, seen, guard, given < FIRM)
            alpha = alpha * (1 - _share(region, part & ~region))
    return alpha


def region_of(seeds: Mask, part: Mask, seen: Floats, guard: Mask, soft: Mask) -> Mask:
    """What belongs to the seeds within a part: up to its clearest end, and never what is nearer to `guard`. `soft` is
    where the matte is not sure: a fringe that comes along."""
    rows, columns = (slice(v.min(), v.max() + 1) for v in np.nonzero(part))
    inside = (rows, columns)
    own, mine, others = part[inside], seeds[inside], guard[inside]
    small, reach = Halved(own, seen[inside]), [max(1, round(r * max(part.shape))) for r in LOCAL]
    ways = [small.reach(mine, r) for r in reach]
    ends = (*(_ended(w, small) for w in ways), _left(ways[0], mine, small, reach[1]))
    region, gain = max(ends, key=lambda end: end[1] * (1 if 2 * end[0].sum() < small.part.sum() else MAJORITY))
    if gain < CLEAR:
        region = small.part.copy()
    if others.any():
        region &= ways[0] < small.reach(others, reach[0])
    whole = _doubled(region, own.shape)
    made = np.zeros_like(part)
    made[inside] = rounded((whole | mine) & own, own, others, soft[inside])
    return made


def _ended(far: Plane, small: Halved) -> tuple[Mask, float]:
    """The region where distances end most clearly, and how clearly."""
    level, gain = stable_level(far[small.inner])
    return far <= level, gain


def _left(far: Plane, seeds: Mask, small: Halved, radius: int) -> tuple[Mask, float]:
    """The same from the other side: what is left around the seeds when what is most typical of the far half of the
    part has ended. A thing of many colours on a plain ground is found so."""
    first = _halved_mask(seeds)
    distant = np.argwhere(small.part & (far >= np.median(far[small.part])))
    colours = small.seen[distant[:, 0], distant[:, 1]]
    typical = np.zeros_like(small.part)
    typical[tuple(distant[np.abs(colours - np.median(colours, axis=0)).sum(axis=1).argmin()])] = True
    back = small.reach(_doubled(typical, (2 * typical.shape[0], 2 * typical.shape[1])), radius)
    level, gain = stable_level(back[small.inner], float(back[first].min()))
    labels, _ = components(small.part & (back > level))
    return np.isin(labels, np.unique(labels[first])) & (labels > 0), gain


def standing_out(box: Mask, firm: Mask, seen: Floats) -> Mask:
    """What lies in a box and cannot be reached from around it before that ends most clearly; `firm` is in."""
    around = grown(box, max(2, round(LOCAL[1] * max(box.shape)))) & ~box & ~firm
    if not around.any():
        return box & ~firm
    part = (box | around) & ~firm
    rows, columns = (slice(v.min(), v.max() + 1) for v in np.nonzero(part))
    small = Halved(part[rows, columns], seen[rows, columns])
    far = small.reach(around[rows, columns], 1)
    level, _ = stable_level(far[small.part])
    made = np.zeros_like(part)
    made[rows, columns] = _doubled(far > level, part[rows, columns].shape)
    return made & box & ~firm


def stable_level(far: Plane, below: float = FAR) -> tuple[float, float]:
    """The distance at which a region ends most clearly: where it must go farthest, in proportion, to grow by a bit; and
    how clearly, as the logarithm of that proportion."""
    ordered = np.sort(far[far < FAR])
    count = len(ordered)
    first = min(LEAST, count - 1)
    sizes = np.unique(np.geomspace(first + 1, max(first + 2, MOST * count), 200).astype(int))
    sizes = sizes[sizes * GROWTH < count]
    sizes = sizes[ordered[sizes - 1] < below]
    if not sizes.size:
        return float(ordered[-1]), 0.0
    gain = np.log((ordered[(sizes * GROWTH).astype(int)] + STEP) / (ordered[sizes - 1] + STEP))
    return float(ordered[sizes[gain.argmax()] - 1]), float(gain.max())


class Halved:
    """A part of the matte on a grid of half the size."""

    def __init__(self, part: Mask, seen: Floats) -> None:
        self.part = _halved_mask(part)
        inner = ~grown(~self.part, 1)  # without the mixed colours along its own edge
        self.inner = inner if inner.sum() > self.part.sum() / 4 else self.part
        self.seen: Floats = _halved(seen).mean(axis=(1, 3), dtype=np.float32)

    def reach(self, seeds: Mask, radius: int) -> Plane:
        """Distances inside the part from the seeds; cheap over their own colours, however these change."""
        first = _halved_mask(seeds)
        strange = np.minimum(_strangeness(self.seen, grown(first, max(1, radius // 2)) & self.part), 1)
        place = FOREIGN * strange.astype(np.float64) + np.where(self.part, 0.0, FAR)
        return distances(first, prices(self.seen, strange * (1 - PLAIN) + PLAIN, place, STEP))


def rounded(region: Mask, part: Mask, guard: Mask, soft: Mask) -> Mask:
    """The region with slivers and crumbs of the rest that it leaves along its edges and inside, and its soft fringe."""
    rest = part & ~region
    core = ~grown(~rest | soft, SLIVER)
    labels, parts = components(core)
    kept = np.array([False, *(i == 0 or p.area > CRUMB * region.sum() for i, p in enumerate(parts))])
    kept[np.unique(labels[guard])] = True
    kept[0] = False
    rest &= grown(kept[labels], SLIVER + 1) | (soft & ~grown(region, round(FRINGE * max(part.shape)))) | guard
    return part & ~rest


def _doubled(mask: Mask, shape: tuple[int, ...]) -> Mask:
    return np.repeat(np.repeat(mask, 2, 0), 2, 1)[: shape[0], : shape[1]]


def _halved(plane: NDArray[Any]) -> NDArray[Any]:
    """h x 2 x w x 2 (x C) blocks of an even-sized plane, the last row and column repeated where odd."""
    rest = [(0, 0)] * (plane.ndim - 2)
    even = np.pad(plane, [(0, plane.shape[0] % 2), (0, plane.shape[1] % 2), *rest], mode="edge")
    return even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, *plane.shape[2:])


def _halved_mask(mask: Mask) -> Mask:
    return np.asarray(_halved(mask).any(axis=(1, 3)))


def _strangeness(seen: Floats, near: Mask) -> Floats:
    """How unlike those near the mark a pixel's colour is, in units of tolerance, squared, by a table of colours."""
    low, high = seen[..., :3].min(axis=(0, 1)), seen[..., :3].max(axis=(0, 1))
    bins = np.rint((seen[..., :3] - low) / np.maximum(high - low, 1e-3) * (BINS - 1)).astype(np.int32)
    index = (bins[..., 0] * BINS + bins[..., 1]) * BINS + bins[..., 2]
    axes = [np.linspace(low[i], high[i], BINS, dtype=np.float32) for i in range(3)]
    colours = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    own = seen[near][:, :3]
    own = own[:: max(1, len(own) // SAMPLES)]
    apart = np.square(colours).sum(axis=1)[:, None] - 2 * colours @ own.T + np.square(own).sum(axis=1)
    third = min(2, len(own) - 1)
    table = np.partition(apart, third, axis=1)[:, third].clip(0) / TOLERANCE**2
    strange: Floats = table.astype(np.float32)[index]
    return strange


def _share(region: Mask, rest: Mask) -> Floats:
    """How much of each pixel near a region's end is the region's: 1 inside, 0 far away and in the rest."""
    mine, others = (_blurred(m) for m in (region, rest))
    share = mine / np.maximum(mine + others, 1e-6)
    return np.where(region, np.float32(1), np.where(rest, np.float32(0), share)).astype(np.float32)


def _blurred(mask: Mask) -> Floats:
    plane = mask.astype(np.float32)
    for axis in (0, 1):
        wide = np.pad(plane, [(SEAM, SEAM) if a == axis else (0, 0) for a in (0, 1)])
        plane = sum(np.take(wide, range(i, i + plane.shape[axis]), axis) for i in range(2 * SEAM + 1))  # type: ignore[assignment]
    return plane


def _union(marks: Sequence[Mark], shape: tuple[int, ...]) -> Mask:
    made = np.zeros(shape, np.bool_)
    for mark in marks:
        made |= mark.seeds((shape[0], shape[1]))
    return made
