"""Label maps: the highest score has what several layers claim, and the rest is background."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.matting.label_map import LabelledAlpha, draw_label_map
from mattebox.matting.subject_list import split_into_instances
from mattebox.types import Matte, Picture


def half(left: bool) -> np.ndarray:
    alpha = np.zeros((4, 8), np.float32)
    alpha[:, : 5 if left else 8] = 1
    return alpha if left else alpha * np.r_[np.zeros(3), np.ones(5)].astype(np.float32)


@pytest.mark.parametrize("is_higher", [True, False])
def test_the_highest_score_wins(is_higher: bool) -> None:
    made = draw_label_map(
        [LabelledAlpha(7, 0.9 if is_higher else 0.2, half(True)), LabelledAlpha(9, 0.5, half(False))], (4, 8), 255
    )
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made[0], [7] * 5 + [9] * 3 if is_higher else [7] * 3 + [9] * 5)


def test_a_larger_map_and_an_empty_one() -> None:
    made = draw_label_map([LabelledAlpha(3, 1.0, half(True))], (40, 80), 255)
    assert (made[:, :48] == 3).all()
    assert (made[:, 52:] == 255).all()
    assert (draw_label_map([], (5, 6)) == 0).all()


def test_values_above_255_are_refused() -> None:
    with pytest.raises(ModelError, match="up to 255"):
        draw_label_map([LabelledAlpha(256, 1.0, half(True))], (4, 8))


def test_instances_of_a_matte_make_up_the_matte() -> None:
    alpha = np.zeros((20, 30), np.uint8)
    alpha[2:12, 2:12] = alpha[5:9, 20:26] = 255
    alpha[1, 2:12] = 90  # soft, and nobody's
    matte = Matte(alpha, 1.0, True, (2, 2, 26, 12))
    apart = [part.alpha for part in split_into_instances(matte, Picture(np.zeros((20, 30, 3), np.uint8)))]
    assert [a[1, 4] > 0 for a in apart] == [True, True]
    np.testing.assert_allclose(np.maximum.reduce(apart), alpha / np.float32(255), atol=1e-6)
    assert (np.minimum.reduce(apart) < 0.5).all()
