"""Stereo matching: a real scene with measured disparity, planes with exact ones, and pictures that are no pair."""

import numpy as np
import skimage.data

from mattebox.lens.disparity_filling import fill_disparities
from mattebox.lens.matching_cost import MAX_COST, OUTSIDE_COST, DisparityRange, census_bits, matching_costs
from mattebox.lens.semi_global_matching import Disparities
from mattebox.lens.stereo_matching import match_stereo

BACK, FRONT = 4, 14  # disparities, in pixels


def texture(seed: int, height: int = 90, width: int = 150) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)


def match(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    disparities = match_stereo(left, right)
    assert disparities is not None
    return disparities


def square_before_a_wall() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left and right pictures, and the left one's disparities."""
    wall, square = texture(0, width=180), texture(1)
    left, right = wall[:, 10:160].copy(), wall[:, 10 + BACK : 160 + BACK].copy()
    left[30:60, 60:100] = square[30:60, 60:100]
    right[30:60, 60 - FRONT : 100 - FRONT] = square[30:60, 60:100]
    disparities = np.full(left.shape[:2], float(BACK))
    disparities[30:60, 60:100] = FRONT
    return left, right, disparities


def test_a_square_before_a_wall() -> None:
    left, right, disparities = square_before_a_wall()
    error = np.abs(match(left, right) - disparities)
    assert (error > 1).mean() < 0.02  # the strip that only the left eye sees is taken for wall, too
    assert np.median(error) < 0.1


def test_exposure_and_a_fault_of_height_do_not_matter() -> None:
    left, right, disparities = square_before_a_wall()
    matched = match(left, np.roll(right, 3, axis=0) * 0.8 + 10)
    assert (np.abs(matched - disparities)[4:-4] > 1).mean() < 0.04


def test_axes_that_cross_give_negative_disparities() -> None:
    left, right, disparities = square_before_a_wall()
    matched = match(left, np.roll(right, 10, axis=1))
    assert (np.abs(matched - (disparities - 10))[:, 12:-12] > 1).mean() < 0.05


def test_pictures_with_nothing_in_common_are_no_pair() -> None:
    assert match_stereo(texture(2), texture(3)) is None
    astronaut, cat = (image[:200, :300].astype(np.float32) for image in (skimage.data.astronaut(), skimage.data.cat()))
    assert match_stereo(astronaut, cat) is None


def test_even_pictures_have_finite_disparities() -> None:
    flat = np.full((90, 150, 3), 120, np.float32)
    assert np.isfinite(match(flat, flat)).all()


def test_a_photographed_scene() -> None:
    """Middlebury's motorcycle at half size, which scikit-image brings: all known pixels, hidden ones too."""
    left, right, known = skimage.data.stereo_motorcycle()
    halves = [picture.reshape(250, 2, -1, 2, 3).mean((1, 3), np.float32) for picture in (left[:, :740], right[:, :740])]
    known = known[::2, :740:2] / 2
    error = np.abs(match(*halves) - known)[np.isfinite(known) & (known > 0)]
    assert (error > 2).mean() < 0.06
    assert error.mean() < 0.8


def test_census_sees_order_and_not_exposure() -> None:
    grey = texture(4)[..., 0]
    assert (census_bits(grey) == census_bits(grey * 0.5 + 20)).all()
    assert np.bitwise_count(census_bits(grey)).max() <= 34


def test_costs_are_lowest_at_the_disparity_and_neutral_outside() -> None:
    left = texture(5)
    costs = matching_costs(left, np.roll(left, -3, axis=1), DisparityRange(0, 8))
    assert (costs[5:-5, 10:-10].argmin(2) == 3).all()
    assert costs.max() <= MAX_COST
    assert (costs[:, 0, 1:] == OUTSIDE_COST).all()


def test_hidden_pixels_are_taken_for_the_farther_neighbour() -> None:
    values = np.full((40, 40), 2, np.float32)
    values[:, 25:] = 9
    is_consistent = np.ones((40, 40), bool)
    is_consistent[:, 20:25] = False
    values[:, 20:25] = 30
    filled = fill_disparities(Disparities(values, is_consistent), np.zeros((40, 40, 3), np.float32))
    assert (filled[:, 20:24] == 2).all()
    none = fill_disparities(Disparities(values, np.zeros((40, 40), bool)), np.zeros((40, 40, 3), np.float32))
    assert not none.any()
