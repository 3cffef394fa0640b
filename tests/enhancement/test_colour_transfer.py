"""Colour transfer and harmonisation: statistics move where they should, within their limits."""

import numpy as np
import pytest

from mattebox.enhancement.colour_space import srgb_colour_space
from mattebox.enhancement.colour_transfer import (
    measure_colours,
    monge_kantorovich_map,
    reinhard_map,
    transfer_colours,
)
from mattebox.enhancement.harmonisation import harmonise_subject
from mattebox.enhancement.lab import lab_to_linear, linear_to_lab
from mattebox.enhancement.light_sample import sample_light
from mattebox.types import Picture

SPACE = srgb_colour_space()


def colour_distance(first: Picture, second: Picture) -> float:
    return float(np.linalg.norm(measure_colours(sample_light(first)).mean - measure_colours(sample_light(second)).mean))


def test_lab_is_cies_and_comes_back() -> None:
    light = SPACE.decode(np.array([[[255, 255, 255], [255, 0, 0], [0, 0, 0], [119, 119, 119]]], np.uint8))
    lab = linear_to_lab(light, SPACE)
    assert lab[0, 0] == pytest.approx([100, 0, 0], abs=0.05)
    assert lab[0, 1] == pytest.approx([54.29, 80.8, 69.9], abs=0.5)  # under D50
    assert lab[0, 3] == pytest.approx([50, 0, 0], abs=0.3)
    assert lab_to_linear(lab, SPACE) == pytest.approx(light, abs=1e-4)


@pytest.mark.parametrize("method", ["monge", "reinhard"])
def test_colours_move_to_the_styles(method: str, astronaut: Picture, rocket: Picture) -> None:
    result = transfer_colours(astronaut, rocket, method)
    assert colour_distance(result, rocket) < 0.25 * colour_distance(astronaut, rocket)
    half = transfer_colours(astronaut, rocket, method, 0.5)
    assert colour_distance(result, rocket) < colour_distance(half, rocket) < colour_distance(astronaut, rocket)
    assert transfer_colours(astronaut, rocket, method, 0) is astronaut


@pytest.mark.parametrize("build_map", [monge_kantorovich_map, reinhard_map])
def test_a_picture_is_its_own_style(build_map: object, astronaut: Picture) -> None:
    own = measure_colours(sample_light(astronaut))
    assert callable(build_map)
    assert build_map(own, own).matrix == pytest.approx(np.eye(3), abs=1e-6)


def test_monge_turns_one_gaussian_into_the_other() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(3, 3))
    source, target = np.eye(3) * 9 + a @ a.T, np.eye(3) * 12 - 0.3 * (a + a.T)
    first, second = (type(measure_colours(sample_light(Picture(np.zeros((1, 1, 3), np.uint8)))))(np.zeros(3), c)
                  for c in (source, target))  # fmt: skip
    turn = monge_kantorovich_map(first, second).matrix
    assert turn @ source @ turn.T == pytest.approx(target, abs=1e-6)


def test_a_flat_picture_takes_on_a_style_without_bands(coffee: Picture) -> None:
    flat = Picture(np.full((40, 40, 3), 128, np.uint8))
    assert np.ptp(transfer_colours(flat, coffee).rgb.astype(int), axis=(0, 1)).max() == 0


def test_a_subject_moves_towards_its_backdrop_and_keeps_its_own_colour(rocket: Picture) -> None:
    rgb, alpha = np.full((60, 60, 3), (200, 60, 50), np.uint8), np.zeros((60, 60), np.uint8)
    alpha[15:45, 15:45] = 255
    subject = Picture(rgb, alpha)
    result = harmonise_subject(subject, rocket, 1)
    assert colour_distance(result, rocket) < colour_distance(subject, rocket)
    assert result.rgb[30, 30, 0] > 1.7 * result.rgb[30, 30, 2]
    assert result.alpha is alpha
    half = harmonise_subject(subject, rocket, 0.5)
    assert colour_distance(result, rocket) < colour_distance(half, rocket) < colour_distance(subject, rocket)


def test_strength_0_or_no_visible_pixels_return_the_subject_itself(rocket: Picture) -> None:
    hidden = Picture(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8))
    assert harmonise_subject(rocket, rocket, 0) is rocket
    assert harmonise_subject(hidden, rocket, 1) is hidden
