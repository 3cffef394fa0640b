"""Subjects that touch are told apart when they stand side by side; one subject stays one."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.subject_separation import separate_subjects
from mattebox.types import Mask

H, W = 120, 160
Y, X = np.mgrid[:H, :W] + 0.5


def person(x: float, height: float = 100) -> Mask:
    """A body with a head on it, standing on the ground."""
    top = H - 8 - height
    body = (np.abs(X - x) < 15) & (top + 28 < Y) & (H - 8 > Y)
    head = np.hypot(X - x, Y - top - 14) < 11
    neck = (np.abs(X - x) < 5) & (top + 10 < Y) & (top + 40 > Y)
    return body | head | neck


def arm(x: float, x2: float) -> Mask:
    return (x < X) & (x2 > X) & (np.abs(Y - 60) < 4)


FLAT = np.zeros((H, W, 4), np.float32)


@pytest.mark.parametrize("height", [100, 75])
def test_two_people_arm_in_arm_are_two(height: float) -> None:
    left, right = person(50), person(95, height)
    labels, components = separate_subjects(left | right | arm(50, 95), FLAT)
    assert len(components) == 2
    assert components[0].area >= components[1].area
    first, second = labels[60, 50], labels[70, 95]
    assert first != second
    assert (labels[left & (X < 60)] == first).all()
    assert (labels[right & (X > 85)] == second).all()
    assert sorted(c.area for c in components) == sorted(int((labels == n).sum()) for n in (1, 2))


def test_one_person_is_one() -> None:
    assert len(separate_subjects(person(80), FLAT)[1]) == 1


def test_colours_say_where_one_ends() -> None:
    mask = person(50) | person(95) | arm(50, 95)
    features = FLAT.copy()
    features[X > 76] = 0.6  # the arm is the left one's up to here
    labels, components = separate_subjects(mask, features)
    assert len(components) == 2
    assert (labels[mask & (X < 75) & (X > 40)] == labels[60, 50]).all()
    assert (labels[mask & (X > 78)] == labels[60, 95]).all()


def test_parts_one_above_the_other_are_one() -> None:
    bar = (np.abs(X - 80) < 4) & (Y > 30) & (Y < 90)
    upright = (np.hypot(X - 80, Y - 30) < 20) | (np.hypot(X - 80, Y - 90) < 20) | bar
    assert len(separate_subjects(upright, FLAT)[1]) == 1


def test_apart_and_nothing() -> None:
    assert len(separate_subjects(person(30) | person(120), FLAT)[1]) == 2
    labels, components = separate_subjects(np.zeros((H, W), np.bool_), FLAT)
    assert not labels.any()
    assert components == []
    assert len(separate_subjects(np.ones((H, W), np.bool_), FLAT)[1]) == 1
