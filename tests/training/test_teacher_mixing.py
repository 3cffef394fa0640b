"""Two teachers' masks become one soft label: the decided one counts, disputed pixels do not."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.training.tasks.cutout.teacher_mixing import PICTURE_WEIGHTS, mix_teachers
from mattebox.types import Floats


def box(low: int, high: int, inside: float = 1.0) -> Floats:
    alpha = np.zeros((64, 64), np.float32)
    alpha[low:high, low:high] = inside
    return alpha


@pytest.mark.parametrize(
    ("first", "second", "case"),
    [
        (box(10, 50), box(11, 50), "agreement"),
        (box(10, 50), box(5, 25, 0.6), "first"),
        (box(5, 25, 0.6), box(10, 50), "second"),
        (box(5, 25), box(30, 60), "dispute"),
        (box(5, 25, 0.6), box(30, 60, 0.6), "undecided"),
        (box(0, 0), box(0, 0), "empty"),
    ],
)
def test_cases(first: Floats, second: Floats, case: str) -> None:
    label = mix_teachers(first, second)
    assert label.case == case
    assert label.picture_weight == PICTURE_WEIGHTS[case]
    for plane in (label.alpha, label.pixel_weights):
        assert plane.min() >= 0
        assert plane.max() <= 1


def test_the_decided_teacher_is_followed() -> None:
    sure, veil = box(10, 50), box(5, 25, 0.6)
    np.testing.assert_array_equal(mix_teachers(sure, veil).alpha > 0.5, sure > 0.5)
    np.testing.assert_array_equal(mix_teachers(veil, sure).alpha > 0.5, sure > 0.5)


def test_certain_pixels_become_0_or_1_and_disputed_ones_do_not_count() -> None:
    label = mix_teachers(box(10, 50, 0.97), box(10, 48, 0.9))
    assert label.alpha[20, 20] == 1
    assert label.alpha[0, 0] == 0
    dispute = mix_teachers(box(5, 25), box(30, 60))
    assert dispute.pixel_weights[10, 10] == 0
    assert dispute.pixel_weights[0, 0] == 1


def test_agreeing_veils_count_little() -> None:
    assert mix_teachers(box(10, 50, 0.6), box(10, 50, 0.6)).picture_weight == pytest.approx(0.1)
