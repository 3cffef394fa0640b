"""Disparities where the two pictures of a stereo pair do not agree: hidden from one of them, outside it, or mistaken.

What is hidden from the right picture lies behind what hides it, so the farther of the two neighbours in a row is taken
(Hirschmueller 2008, section 2.5), and rows vote with those above and below them by colour.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mattebox.core.connected_components import label_components
from mattebox.core.strips import iter_strips
from mattebox.lens.semi_global_matching import Disparities
from mattebox.types import Floats, Mask

MIN_SEGMENT_PIXELS = 30  # of connected disparities, fewer are taken for mistakes
SEGMENT_STEP = 1.5  # pixels of disparity between neighbours, from which they belong to different segments
VOTE_REACH_ROWS = 40
VOTE_DISTANCE_ROWS, VOTE_CONTRAST = 20.0, 10.0  # at which a row's vote has 1/e of its weight: in rows, and of 255
VOTES_AT_A_TIME = 16_384  # pixels
MEDIAN_REACH = 2  # of the last filter, in pixels

Places: TypeAlias = NDArray[np.int64]


def fill_disparities(disparities: Disparities, guide: Floats) -> Floats:
    """Disparities for every pixel.

    Parameters
    ----------
    disparities : Disparities
        (H, W).
    guide : (H, W, 3) float32
        The left picture, 0..255.

    Returns
    -------
    (H, W) float32
        0 everywhere if none is consistent.
    """
    is_sure = leave_out_small_segments(disparities).is_consistent
    filled = _vote_by_rows(_fill_rows(disparities.values, is_sure), ~is_sure, guide)
    return _median(filled)


def leave_out_small_segments(disparities: Disparities) -> Disparities:
    """The same, with those in small segments no longer consistent; pixels on a segment's rim stay."""
    is_rim = np.zeros_like(disparities.is_consistent)
    is_rim[:, 1:] |= np.abs(np.diff(disparities.values, axis=1)) > SEGMENT_STEP
    is_rim[1:] |= np.abs(np.diff(disparities.values, axis=0)) > SEGMENT_STEP
    labels, segments = label_components(disparities.is_consistent & ~is_rim, connectivity=4)
    is_small = np.array([False, *(segment.area < MIN_SEGMENT_PIXELS for segment in segments)])
    return disparities._replace(is_consistent=disparities.is_consistent & ~is_small[labels])


def _fill_rows(values: Floats, is_sure: Mask) -> Floats:
    """The sure values, and the lower of the nearest sure ones on either side elsewhere; rows without any are 0."""
    width = values.shape[1]
    columns = np.arange(width)[None, :]
    left = np.maximum.accumulate(np.where(is_sure, columns, -1), axis=1)
    right = np.minimum.accumulate(np.where(is_sure, columns, width)[:, ::-1], axis=1)[:, ::-1]
    candidates = [
        np.where(is_inside, np.take_along_axis(values, np.clip(place, 0, width - 1), 1), np.inf)
        for place, is_inside in ((left, left >= 0), (right, right < width))
    ]
    lower = np.minimum(*candidates)
    filled: Floats = np.where(is_sure, values, np.where(np.isfinite(lower), lower, 0)).astype(np.float32)
    return filled


def _vote_by_rows(values: Floats, is_unsure: Mask, guide: Floats) -> Floats:
    """At unsure pixels the median of a column of values, weighted by likeness of colour and nearness of the row."""
    rows, columns = np.nonzero(is_unsure)
    voted = values.copy()
    for start in range(0, len(rows), VOTES_AT_A_TIME):
        y, x = rows[start : start + VOTES_AT_A_TIME], columns[start : start + VOTES_AT_A_TIME]
        voted[y, x] = _weighted_medians(values, guide, y, x)
    return voted


def _weighted_medians(values: Floats, guide: Floats, y: Places, x: Places) -> Floats:
    """The medians of the columns around some pixels."""
    steps = np.arange(-VOTE_REACH_ROWS, VOTE_REACH_ROWS + 1)[:, None]
    rows = np.clip(y + steps, 0, len(values) - 1)
    candidates = values[rows, x]
    difference = np.abs(guide[rows, x] - guide[y, x]).max(2)
    weights = np.exp(-difference / VOTE_CONTRAST - np.abs(steps) / VOTE_DISTANCE_ROWS)
    order = candidates.argsort(0)
    heights = np.take_along_axis(weights, order, 0).cumsum(0)
    middle = (heights < heights[-1] / 2).sum(0)
    medians: Floats = np.take_along_axis(candidates, order, 0)[middle, np.arange(len(y))]
    return medians


def _median(values: Floats) -> Floats:
    """Medians of small squares."""
    side = 2 * MEDIAN_REACH + 1
    windows = sliding_window_view(np.pad(values, MEDIAN_REACH, mode="edge"), (side, side))
    strips = [
        np.median(windows[rows].reshape(-1, values.shape[1], side * side), axis=2) for rows in iter_strips(len(values))
    ]
    filtered: Floats = np.concatenate(strips).astype(np.float32)
    return filtered
