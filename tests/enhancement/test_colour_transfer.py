"""Colour transfer and harmony: statistics move where they should, by no more than they may."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebox.enhancement.colour_transfer import colours_of, monge, reinhard, styled
from mattebox.enhancement.harmonisation import harmonised
from mattebox.enhancement.lab import fitted, lab_of, light_of
from mattebox.enhancement.linear_light import sampled, space_of
from mattebox.types import Picture

SPACE = space_of(Picture(np.zeros((1, 1, 3), np.uint8)))


def gap(one: Picture, other: Picture) -> float:
    return float(np.linalg.norm(colours_of(sampled(one)).mean - colours_of(sampled(other)).mean))


def test_lab_is_cies_and_comes_back() -> None:
    light = SPACE.decoded(np.array([[[255, 255, 255], [255, 0, 0], [0, 0, 0], [119, 119, 119]]], np.uint8))
    lab = lab_of(light, SPACE)
    assert lab[0, 0] == pytest.approx([100, 0, 0], abs=0.05)
    assert lab[0, 1] == pytest.approx([54.29, 80.8, 69.9], abs=0.5)  # under D50
    assert lab[0, 3] == pytest.approx([50, 0, 0], abs=0.3)
    assert light_of(lab, SPACE) == pytest.approx(light, abs=1e-4)


@settings(max_examples=50)
@given(st.lists(st.floats(-1, 2, width=32), min_size=3, max_size=3))
def test_what_does_not_fit_is_made_to(values: list[float]) -> None:
    light = np.array([values], np.float32)
    made = fitted(light, SPACE)
    assert made.min() >= -1e-5
    assert made.max() <= 1 + 1e-5
    if min(values) >= 0 and max(values) <= 1:
        assert made == pytest.approx(light, abs=1e-5)


@pytest.mark.parametrize("method", ["monge", "reinhard"])
def test_colours_move_to_the_styles(method: str, astronaut: Picture, rocket: Picture) -> None:
    made = styled(astronaut, rocket, method)
    assert gap(made, rocket) < 0.25 * gap(astronaut, rocket)
    half = styled(astronaut, rocket, method, 0.5)
    assert gap(made, rocket) < gap(half, rocket) < gap(astronaut, rocket)
    assert styled(astronaut, rocket, method, 0) is astronaut


@pytest.mark.parametrize("way", [monge, reinhard])
def test_a_picture_is_its_own_style(way: object, astronaut: Picture) -> None:
    own = colours_of(sampled(astronaut))
    assert callable(way)
    assert way(own, own).turn == pytest.approx(np.eye(3), abs=1e-6)


def test_monge_turns_one_gaussian_into_the_other() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(3, 3))
    source, target = np.eye(3) * 9 + a @ a.T, np.eye(3) * 12 - 0.3 * (a + a.T)
    one, other = (type(colours_of(sampled(Picture(np.zeros((1, 1, 3), np.uint8)))))(np.zeros(3), c)
                  for c in (source, target))  # fmt: skip
    turn = monge(one, other).turn
    assert turn @ source @ turn.T == pytest.approx(target, abs=1e-6)


def test_a_flat_picture_takes_on_a_style_without_bands(coffee: Picture) -> None:
    flat = Picture(np.full((40, 40, 3), 128, np.uint8))
    assert np.ptp(styled(flat, coffee).rgb.astype(int), axis=(0, 1)).max() == 0


def test_a_subject_comes_nearer_to_its_backdrop_and_keeps_its_own_colour(rocket: Picture) -> None:
    rgb, alpha = np.full((60, 60, 3), (200, 60, 50), np.uint8), np.zeros((60, 60), np.uint8)
    alpha[15:45, 15:45] = 255
    subject = Picture(rgb, alpha)
    made = harmonised(subject, rocket, 1)
    assert gap(made, rocket) < gap(subject, rocket)
    assert made.rgb[30, 30, 0] > 1.7 * made.rgb[30, 30, 2]
    assert made.alpha is alpha
    half = harmonised(subject, rocket, 0.5)
    assert gap(made, rocket) < gap(half, rocket) < gap(subject, rocket)


def test_nothing_asked_or_seen_is_the_subject_itself(rocket: Picture) -> None:
    hidden = Picture(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8))
    assert harmonised(rocket, rocket, 0) is rocket
    assert harmonised(hidden, rocket, 1) is hidden
