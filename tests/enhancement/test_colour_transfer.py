"""Colour transfer and harmony: statistics move where they should, by no more than they may."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebox.enhancement.colour_transfer import (
    measure_colours,
    monge_kantorovich_map,
    reinhard_map,
    transfer_colours,
)
from mattebox.enhancement.harmonisation import harmonise_subject
from mattebox.enhancement.lab import fit_to_gamut, lab_to_linear, linear_to_lab
from mattebox.enhancement.linear_light import colour_space_of, sample_light
from mattebox.types import Picture

SPACE = colour_space_of(Picture(np.zeros((1, 1, 3), np.uint8)))


def gap(one: Picture, other: Picture) -> float:
    return float(np.linalg.norm(measure_colours(sample_light(one)).mean - measure_colours(sample_light(other)).mean))


def test_lab_is_cies_and_comes_back() -> None:
    light = SPACE.decode(np.array([[[255, 255, 255], [255, 0, 0], [0, 0, 0], [119, 119, 119]]], np.uint8))
    lab = linear_to_lab(light, SPACE)
    assert lab[0, 0] == pytest.approx([100, 0, 0], abs=0.05)
    assert lab[0, 1] == pytest.approx([54.29, 80.8, 69.9], abs=0.5)  # under D50
    assert lab[0, 3] == pytest.approx([50, 0, 0], abs=0.3)
    assert lab_to_linear(lab, SPACE) == pytest.approx(light, abs=1e-4)


@settings(max_examples=50)
@given(st.lists(st.floats(-1, 2, width=32), min_size=3, max_size=3))
def test_what_does_not_fit_is_made_to(values: list[float]) -> None:
    light = np.array([values], np.float32)
    made = fit_to_gamut(light, SPACE)
    assert made.min() >= -1e-5
    assert made.max() <= 1 + 1e-5
    if min(values) >= 0 and max(values) <= 1:
        assert made == pytest.approx(light, abs=1e-5)


@pytest.mark.parametrize("method", ["monge", "reinhard"])
def test_colours_move_to_the_styles(method: str, astronaut: Picture, rocket: Picture) -> None:
    made = transfer_colours(astronaut, rocket, method)
    assert gap(made, rocket) < 0.25 * gap(astronaut, rocket)
    half = transfer_colours(astronaut, rocket, method, 0.5)
    assert gap(made, rocket) < gap(half, rocket) < gap(astronaut, rocket)
    assert transfer_colours(astronaut, rocket, method, 0) is astronaut


@pytest.mark.parametrize("way", [monge_kantorovich_map, reinhard_map])
def test_a_picture_is_its_own_style(way: object, astronaut: Picture) -> None:
    own = measure_colours(sample_light(astronaut))
    assert callable(way)
    assert way(own, own).matrix == pytest.approx(np.eye(3), abs=1e-6)


def test_monge_turns_one_gaussian_into_the_other() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(3, 3))
    source, target = np.eye(3) * 9 + a @ a.T, np.eye(3) * 12 - 0.3 * (a + a.T)
    one, other = (type(measure_colours(sample_light(Picture(np.zeros((1, 1, 3), np.uint8)))))(np.zeros(3), c)
                  for c in (source, target))  # fmt: skip
    turn = monge_kantorovich_map(one, other).matrix
    assert turn @ source @ turn.T == pytest.approx(target, abs=1e-6)


def test_a_flat_picture_takes_on_a_style_without_bands(coffee: Picture) -> None:
    flat = Picture(np.full((40, 40, 3), 128, np.uint8))
    assert np.ptp(transfer_colours(flat, coffee).rgb.astype(int), axis=(0, 1)).max() == 0


def test_a_subject_comes_nearer_to_its_backdrop_and_keeps_its_own_colour(rocket: Picture) -> None:
    rgb, alpha = np.full((60, 60, 3), (200, 60, 50), np.uint8), np.zeros((60, 60), np.uint8)
    alpha[15:45, 15:45] = 255
    subject = Picture(rgb, alpha)
    made = harmonise_subject(subject, rocket, 1)
    assert gap(made, rocket) < gap(subject, rocket)
    assert made.rgb[30, 30, 0] > 1.7 * made.rgb[30, 30, 2]
    assert made.alpha is alpha
    half = harmonise_subject(subject, rocket, 0.5)
    assert gap(made, rocket) < gap(half, rocket) < gap(subject, rocket)


def test_nothing_asked_or_seen_is_the_subject_itself(rocket: Picture) -> None:
    hidden = Picture(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8))
    assert harmonise_subject(rocket, rocket, 0) is rocket
    assert harmonise_subject(hidden, rocket, 1) is hidden
