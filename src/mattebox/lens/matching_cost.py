"""How unlike two rectified pictures are at each pixel and disparity: census transforms and colour differences.

The census transform is a bit for each neighbour that is darker than the middle (Zabih and Woodfill, 1994); it does not
see exposure. Colour tells apart what has the same texture. Their sum is as in AD-census (Mei et al., 2011).
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

CENSUS_REACH_Y, CENSUS_REACH_X = 2, 3  # of the window around a pixel, in pixels: 5 x 7
CENSUS_SCALE, COLOUR_SCALE = 18.0, 10.0  # differences that count as 1 - 1/e: in bits, and of 255
CENSUS_WEIGHT, COLOUR_WEIGHT = 80.0, 30.0
MAX_COST = round(CENSUS_WEIGHT + COLOUR_WEIGHT)
OUTSIDE_COST = 50  # where the right picture has ended: neighbours decide

Costs: TypeAlias = NDArray[np.uint8]
"""(H, W, D) uint8: unlikeness of the left picture at x and the right one at x minus a disparity."""


class DisparityRange(NamedTuple):
    """Disparities in whole pixels, `stop` excluded."""

    start: int
    stop: int


def matching_costs(left: Floats, right: Floats, disparities: DisparityRange) -> Costs:
    """Costs of all disparities.

    Parameters
    ----------
    left, right : (H, W, 3) float32
        Encoded values, 0..255, with the same rows.
    disparities : DisparityRange
        A point at x on the left lies at x - d on the right.

    Returns
    -------
    (H, W, D) uint8
        0 (alike) to `MAX_COST`; `OUTSIDE_COST` where the right picture has ended.
    """
    height, width, _ = left.shape
    bits = census_bits(left.mean(2)), census_bits(right.mean(2))
    census_costs = _saturating_costs(np.arange(64), CENSUS_SCALE, CENSUS_WEIGHT)
    colour_costs = _saturating_costs(np.arange(256), COLOUR_SCALE, COLOUR_WEIGHT)
    codes = [np.rint(picture).astype(np.int16) for picture in (left, _match_exposure(right, left))]
    costs: Costs = np.empty((height, width, disparities.stop - disparities.start), np.uint8)
    for index, disparity in enumerate(range(*disparities)):
        columns = np.clip(np.arange(width) - disparity, 0, width - 1)
        distance = np.bitwise_count(bits[0] ^ bits[1][:, columns])
        difference = np.abs(codes[0] - codes[1][:, columns]).sum(2) // 3
        costs[..., index] = census_costs[distance] + colour_costs[np.minimum(difference, 255)]
        costs[:, columns != np.arange(width) - disparity, index] = OUTSIDE_COST
    return costs


def census_bits(grey: Floats) -> NDArray[np.uint64]:
    """A bit for each of the 34 neighbours in a window, set where it is darker than the pixel itself."""
    reach = ((CENSUS_REACH_Y, CENSUS_REACH_Y), (CENSUS_REACH_X, CENSUS_REACH_X))
    padded, (height, width) = np.pad(grey, reach, mode="edge"), grey.shape
    bits = np.zeros(grey.shape, np.uint64)
    for dy in range(2 * CENSUS_REACH_Y + 1):
        for dx in range(2 * CENSUS_REACH_X + 1):
            if (dy, dx) != (CENSUS_REACH_Y, CENSUS_REACH_X):
                is_darker = padded[dy : dy + height, dx : dx + width] < grey
                bits = (bits << np.uint64(1)) | is_darker
    return bits


def _match_exposure(picture: Floats, model: Floats) -> Floats:
    """A picture with the channel means and deviations of another."""
    mean, deviation = picture.mean((0, 1)), picture.std((0, 1)) + 1e-3
    matched: Floats = (picture - mean) * (model.std((0, 1)) / deviation) + model.mean((0, 1))
    return matched


def _saturating_costs(differences: NDArray[np.int64], scale: float, weight: float) -> Costs:
    costs: Costs = np.rint(weight * (1 - np.exp(-differences / scale))).astype(np.uint8)
    return costs
