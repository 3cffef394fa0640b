"""Colour table: colours of the certain subject, of the certain background, of both and of neither."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.colour_table import (
    BINS_PER_CHANNEL,
    HISTOGRAM_SIDE_PIXELS,
    add_probability_logit,
    build_colour_table,
    look_up_probability,
    roughness,
)

RED, BLUE, GREEN = (220, 40, 30), (30, 40, 220), (40, 200, 60)


def halves(height: int = 60, width: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Red on the left is subject, blue on the right is not; green is below on both sides; alpha at a fifth."""
    rgb, alpha = np.empty((height, width, 3), np.uint8), np.zeros((height // 5, width // 5), np.float32)
    rgb[:, : width // 2], rgb[:, width // 2 :], rgb[height // 2 :] = RED, BLUE, GREEN
    alpha[:, : width // 10] = 1
    return rgb, alpha


def probabilities(table: np.ndarray, *colours: tuple[int, int, int]) -> np.ndarray:
    return look_up_probability(table, np.array([colours], np.float32) / np.float32(255))[0]


@pytest.mark.parametrize("times", [1, 30])
def test_a_colour_gets_the_probability_of_where_it_occurs(times: int) -> None:
    """Also in a picture so large that only some of its pixels are counted."""
    rgb, alpha = halves(60 * times, 80 * times)
    assert times == 1 or rgb.shape[0] > HISTOGRAM_SIDE_PIXELS
    table = build_colour_table(rgb, alpha)
    assert (table.size, table.dtype) == (BINS_PER_CHANNEL**3, np.float32)
    assert probabilities(table, RED, BLUE) == pytest.approx(
        [0.75, 0.25], abs=0.01
    )  # half of the pixels are green on both sides
    assert probabilities(table, GREEN, (128, 128, 128)) == pytest.approx([0.5, 0.5], abs=0.02)  # in both, in neither
    assert probabilities(table, (210, 45, 25))[0] > 0.7  # much like red
    rgb[rgb[..., 1] == GREEN[1]] = BLUE
    rgb[:, : rgb.shape[1] // 2] = RED
    assert probabilities(build_colour_table(rgb, alpha), RED, BLUE) == pytest.approx(
        [1, 0], abs=0.01
    )  # nothing is common


def test_uncertain_samples_are_not_counted() -> None:
    rgb, alpha = halves()
    alpha[:, 7:9] = 0.5  # and the samples beside it are not trusted either
    rgb[:, 30:50] = (250, 250, 20)
    assert probabilities(build_colour_table(rgb, alpha), (250, 250, 20))[0] == pytest.approx(0.5)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_without_both_sides_every_colour_has_one_half(value: float) -> None:
    rgb, alpha = halves()
    assert (build_colour_table(rgb, np.full_like(alpha, value)) == 0.5).all()


def test_odd_sizes() -> None:
    for size in ((1, 1), (1, 900), (1500, 2)):
        rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        assert (build_colour_table(rgb, np.ones((3, 4), np.float32)) == 0.5).all()


def test_the_probability_is_added_to_the_logit() -> None:
    alpha = np.array([0.5, 0.5, 0.2, 0.0, 1.0], np.float32)
    made = add_probability_logit(alpha, np.array([0.5, 1.0, 0.0, 1.0, 0.0], np.float32), 0.5)
    assert made[0] == pytest.approx(0.5)
    assert made[1] == pytest.approx(1 / (1 + np.exp(-4)))  # half of a log ratio of 8
    assert made[2] < 0.01
    assert 0.1 < made[3] < 0.5 < made[4] < 0.9  # a certain alpha still counts more
    np.testing.assert_allclose(add_probability_logit(alpha, np.ones(5, np.float32), 0), alpha, atol=0.006)


def test_strands_are_rough_and_ramps_are_not() -> None:
    everywhere = np.ones((40, 40), bool)
    ramp = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (40, 1))
    strands = np.zeros((40, 40), np.float32)
    strands[:, ::4] = 1
    assert roughness(ramp, everywhere).mean() < 0.01
    assert roughness(strands, everywhere).mean() > 0.2
    assert roughness(strands, ~everywhere).size == 0
