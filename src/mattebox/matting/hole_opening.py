"""Holes: plain background seen through the subject, which a network took for a part of it.

Where the background around the subject is plain, a region inside the subject that has the background's colour as it is
nearby, is as even, and stands out against what surrounds it, is background: the gap between arm and body, the inside of
a handle or a ring. Backgrounds with texture say nothing about the inside, and are left alone.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from mattebox.core.block_means import mean_blocks
from mattebox.core.connected_components import dilate, label_components
from mattebox.core.summed_area_table import SummedAreaTable
from mattebox.io import resampling
from mattebox.matting.enclosed_ground import Holes
from mattebox.matting.matte_operations import as_floats, as_pixels, guide_image
from mattebox.types import Box, Floats, Mask, Matte, Picture

Window: TypeAlias = tuple[slice, slice]
T = TypeVar("T", np.bool_, np.float32)

GUIDE_SIDE_SAMPLES = 360  # longer side of the grid on which holes are looked for, about
STATISTICS_BLOCK_SAMPLES = 3  # the background's colour within reach changes little from sample to sample
MAX_BACKGROUND_ALPHA, MIN_SUBJECT_ALPHA = 0.1, 0.5
MIN_BACKGROUND_SHARE = 0.03  # of what lies within reach that must be background
RING_SAMPLES = 4  # width of the surroundings of a hole
MIN_CLOSED_SHARE = 0.5  # of the surroundings that must be subject
MAX_CHECKED_REGIONS = 40


class Reach(NamedTuple):
    """How far away the background is looked at, in shares of the longer side, further where none is near, and the
    least area of a hole, as a share of the picture. Far from background a small one is more often a highlight."""

    shares: tuple[float, ...]
    area_share: float


class HoleLimits(NamedTuple):
    """How like the background a hole must be, of 1, and within which reaches of it."""

    background_deviation: float
    difference: float
    deviation: float
    contrast: float
    reaches: tuple[Reach, ...]


NEAR_SHARE = 0.15  # of the longer side
LIMITS = {
    "auto": HoleLimits(0.03, 0.02, 0.02, 0.15, (Reach((NEAR_SHARE,), 0.0012), Reach((NEAR_SHARE, 0.25, 0.4), 0.02))),
    "open": HoleLimits(0.08, 0.06, 0.05, 0.06, (Reach((NEAR_SHARE, 0.4), 0.0006),)),
}


def open_holes(picture: Picture, coarse: Matte, holes: Holes) -> Matte:
    """Open the holes of a coarse matte, before its edges are refined.

    Parameters
    ----------
    picture : Picture
        The picture of the matte.
    coarse : Matte
        Coarse matte of the whole picture.
    holes : {"keep", "open", "auto"}
        keep leaves the matte as it is; auto opens what is certain; open, what is likely.

    Returns
    -------
    Matte
        At the resolution of `coarse`.
    """
    if holes == "keep":
        return coarse
    guide = guide_image(picture.rgb, max(1, round(max(picture.shape) / GUIDE_SIDE_SAMPLES)))
    mask = find_holes(guide, resampling.enlarge(as_floats(coarse.alpha), guide.shape[:2], "bilinear"), LIMITS[holes])
    if not mask.any():
        return coarse
    cover = resampling.crop_and_resize_plane(mask.astype(np.float32), (0, 0, *mask.shape[::-1]), coarse.shape)
    return coarse.with_alpha(as_pixels(np.minimum(as_floats(coarse.alpha), 1 - cover.clip(0, 1)), coarse.bit_depth))


def find_holes(guide: Floats, alpha: Floats, limits: HoleLimits) -> Mask:
    """Which samples of a guide H x W x 3 show background although alpha (H x W) says subject."""
    background = LocalBackground(guide, alpha < MAX_BACKGROUND_ALPHA)
    holes: Mask = np.any([_find_holes_within(guide, alpha, background, limits, reach) for reach in limits.reaches], 0)
    return holes


class BackgroundBlocks(NamedTuple):
    """The background near each block of a picture: mean colours (3 x h x w), and deviation (h x w), which is infinite
    where no background is within reach."""

    colours: Floats
    deviation: Floats


class LocalBackground:
    """The background near each block of a picture.

    Parameters
    ----------
    guide : ndarray, H x W x 3
        The picture.
    background : ndarray, H x W bool
        Which samples are background.
    """

    def __init__(self, guide: Floats, background: Mask) -> None:
        planes = np.empty((7, *background.shape), np.float32)
        planes[0] = background
        for channel, (values, squares) in enumerate(zip(planes[1:4], planes[4:], strict=True)):
            values[:] = guide[..., channel]
            np.multiply(np.square(values, out=squares), planes[0], out=squares)
            values *= planes[0]
        self._sums = SummedAreaTable(mean_blocks(planes, STATISTICS_BLOCK_SAMPLES))
        self._longer_side = max(background.shape)
        self._blocks_by_share: dict[float, BackgroundBlocks] = {}

    def nearest(self, reach_shares: tuple[float, ...]) -> BackgroundBlocks:
        """What lies within the first of several reaches that holds background."""
        colours, deviation = self._within(reach_shares[0])
        for reach_share in reach_shares[1:]:
            is_new = np.isinf(deviation)
            if not is_new.any():
                break
            wider = self._within(reach_share)
            colours, deviation = np.where(is_new, wider.colours, colours), np.where(is_new, wider.deviation, deviation)
        return BackgroundBlocks(colours, deviation)

    def _within(self, reach_share: float) -> BackgroundBlocks:
        """What lies within one reach."""
        if reach_share not in self._blocks_by_share:
            radius = max(1, round(reach_share * self._longer_side / STATISTICS_BLOCK_SAMPLES))
            means = self._sums.window_means(radius)
            share = means[0]
            colours, squares = np.split(means[1:] / np.maximum(share, 1e-4), 2)
            deviation = np.sqrt(np.maximum((squares - np.square(colours)).max(axis=0), 0))
            deviation = np.where(share > MIN_BACKGROUND_SHARE, deviation, np.float32(np.inf))
            self._blocks_by_share[reach_share] = BackgroundBlocks(colours, deviation)
        return self._blocks_by_share[reach_share]


def _find_holes_within(
    guide: Floats, alpha: Floats, background: LocalBackground, limits: HoleLimits, reach: Reach
) -> Mask:
    """Those that are like the background within a reach."""
    colours, deviation = background.nearest(reach.shares)
    everywhere = slice(0, alpha.shape[0]), slice(0, alpha.shape[1])
    subject, is_plain = alpha > MIN_SUBJECT_ALPHA, deviation < limits.background_deviation
    alike: Mask = subject & repeat_blocks(is_plain[None], everywhere)[0]
    if not alike.any():
        return alike
    bounds = _bounds(alike)
    near = repeat_blocks(colours, bounds)
    difference = reduce(np.maximum, (np.abs(guide[bounds][..., c] - near[c]) for c in range(3)))
    alike[bounds] &= difference < limits.difference + repeat_blocks(deviation[None], bounds)[0]
    labels, components = label_components(alike, connectivity=4)
    holes: Mask = np.zeros(len(components) + 1, np.bool_)
    for label, component in enumerate(components[:MAX_CHECKED_REGIONS], start=1):
        if component.area < reach.area_share * alpha.size:
            break
        window = _window(component.box, alpha.shape)
        mean = np.moveaxis(repeat_blocks(colours, window), 0, 2)
        holes[label] = _is_hole(guide[window], labels[window] == label, subject[window], mean, limits)
    return holes[labels]


def repeat_blocks(planes: NDArray[T], window: Window) -> NDArray[T]:
    """The samples of a window (C x h x w), each with its block's value."""
    rows, columns = (np.arange(part.start, part.stop) // STATISTICS_BLOCK_SAMPLES for part in window)
    return planes.take(columns, axis=2).take(rows, axis=1)


def _bounds(mask: Mask) -> Window:
    """The smallest window around the set samples of a mask, of which there are some."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _is_hole(guide: Floats, region: Mask, subject: Mask, mean: Floats, limits: HoleLimits) -> bool:
    """Whether a region is even, closed in by subject, of the background's colour, and unlike what surrounds it."""
    core = ~dilate(~region, 1)
    core = core if core.any() else region
    around = dilate(region, RING_SAMPLES) & ~dilate(region, 1)
    ring = around & subject
    if not ring.any() or ring.sum() < MIN_CLOSED_SHARE * around.sum():
        return False
    colours = guide[core]
    difference = np.abs(colours.mean(axis=0) - mean[core].mean(axis=0)).max()
    contrast = np.abs(guide[ring] - colours.mean(axis=0)).max(axis=1)
    return bool(
        difference < limits.difference
        and colours.std(axis=0).max() < limits.deviation
        and np.quantile(contrast, 0.25) > limits.contrast
    )


def _window(box: Box, shape: tuple[int, ...]) -> Window:
    """Rows and columns of a box with a margin."""
    left, top, right, bottom = box
    margin = 2 * RING_SAMPLES
    return (
        slice(max(0, top - margin), min(shape[0], bottom + margin)),
        slice(max(0, left - margin), min(shape[1], right + margin)),
    )
