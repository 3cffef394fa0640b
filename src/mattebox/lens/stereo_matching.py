"""Disparities of a stereo pair whose range, and whose small faults of height and angle, are not known.

The range comes from matching a small copy over all that is likely; rows that lie higher in one picture than in the
other are found by phase correlation (Kuglin and Hines, 1975), small rotations by `rectification`.
"""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from mattebox.core.block_means import mean_blocks
from mattebox.lens.disparity_filling import fill_disparities, leave_out_small_segments
from mattebox.lens.matching_cost import DisparityRange, matching_costs
from mattebox.lens.rectification import rectify_right
from mattebox.lens.semi_global_matching import Disparities, match_disparities
from mattebox.types import Floats

MAX_COARSE_SIDE = 240  # of the copy on which the range is found, in pixels
MAX_COARSE_SHARE = 0.25  # of its width, to either side, that disparities may have
MAX_ROW_SHARE = 0.05  # of the height by which rows may differ
MIN_CONSISTENT_SHARE = 0.3  # of the coarse picture in which both agree; without anything in common 0.1 to 0.2
OUTLIER_SHARE = 0.01  # of the coarse disparities at either end of their range
RANGE_MARGIN = 2  # coarse pixels beyond them


def match_stereo(left: Floats, right: Floats) -> Floats | None:
    """Match two pictures of a scene, taken side by side.

    Parameters
    ----------
    left, right : (H, W, 3) float32
        Encoded values, 0..255.

    Returns
    -------
    (H, W) float32 or None
        Disparities of the left picture in pixels, x on the left less x on the right: the larger, the nearer; below 0
        behind the plane in which the cameras' axes cross. None where the pictures do not show one scene, or are turned
        too far against each other.
    """
    right = rectify_right(left, _shift_rows(right, _row_offset(left, right)))
    factor = ceil(max(left.shape) / MAX_COARSE_SIDE)
    coarse_left, coarse_right = (_reduce(picture, factor) for picture in (left, right))
    reach = round(MAX_COARSE_SHARE * coarse_left.shape[1])
    coarse = leave_out_small_segments(_match(coarse_left, coarse_right, DisparityRange(-reach, reach + 1)))
    if coarse.is_consistent.mean() < MIN_CONSISTENT_SHARE:
        return None
    low, high = np.quantile(coarse.values[coarse.is_consistent], (OUTLIER_SHARE, 1 - OUTLIER_SHARE))
    likely = DisparityRange(floor((low - RANGE_MARGIN) * factor), ceil((high + RANGE_MARGIN) * factor) + 1)
    return fill_disparities(_match(left, right, likely), left)


def _reduce(picture: Floats, factor: int) -> Floats:
    return np.moveaxis(mean_blocks(np.moveaxis(picture, 2, 0), factor), 0, 2)


def _match(left: Floats, right: Floats, disparities: DisparityRange) -> Disparities:
    return match_disparities(matching_costs(left, right, disparities), left.mean(2), disparities.start)


def _row_offset(left: Floats, right: Floats) -> int:
    """By how many rows the right picture shows the scene lower."""
    height, width, _ = left.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    spectra = [np.fft.rfft2((picture.mean(2) - picture.mean()) * window) for picture in (left, right)]
    cross = spectra[1] * spectra[0].conj()
    correlation = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-6), (height, width))
    reach_y, reach_x = round(MAX_ROW_SHARE * height), round(MAX_COARSE_SHARE * width)
    rows, columns = np.arange(-reach_y, reach_y + 1), np.arange(-reach_x, reach_x + 1)
    peaks = correlation[np.ix_(rows % height, columns % width)]
    return int(rows[np.unravel_index(peaks.argmax(), peaks.shape)[0]])


def _shift_rows(picture: Floats, offset: int) -> Floats:
    """The picture moved up by rows; its last ones are repeated."""
    return picture[np.clip(np.arange(len(picture)) + offset, 0, len(picture) - 1)]
