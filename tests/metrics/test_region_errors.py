"""Thin parts, stray pieces and wrongly taken area, against masks drawn by hand."""

import numpy as np
import pytest

from mattebox.metrics.binary_masks import dilate_by_disc, distance_transform, open_mask
from mattebox.metrics.region_errors import count_stray_pieces, find_thin_parts, thin_recall, wrongly_taken_share


def body_with_pole() -> np.ndarray:
    """A square of 100 x 100 in 300 x 400, with a pole of 6 x 80 on it; the diagonal is 500: the disc's radius is 15."""
    truth = np.zeros((300, 400), np.float32)
    truth[150:250, 100:200] = 1
    truth[70:150, 147:153] = 1
    return truth


def test_an_opening_removes_what_the_disc_does_not_fit() -> None:
    opened = open_mask(body_with_pole() > 0.5, 15)
    assert opened[200, 150]
    assert not opened[70:145, 147:153].any()
    assert opened.sum() == pytest.approx(100 * 100, rel=0.03)  # the corners are rounded
    lines = np.zeros((60, 60), bool)
    lines[::4] = True
    assert not open_mask(lines, 3).any()
    assert open_mask(np.ones((9, 9), bool), 3).all()
    at_border = np.zeros((60, 60), bool)
    at_border[:, :20] = True
    assert (open_mask(at_border, 12) == at_border).all()  # what continues outside is not thin


def test_recall_of_thin_parts() -> None:
    truth = body_with_pole()
    thin = find_thin_parts(truth)
    assert thin[75:140, 147:153].all()
    assert not thin[170:230, 120:180].any()
    alpha = truth.copy()
    assert thin_recall(alpha, truth) == 1
    alpha[:110] = 0  # the upper half of the pole
    assert thin_recall(alpha, truth) == pytest.approx(1 - 40 * 6 / thin.sum())
    assert thin_recall(np.ones((40, 40), np.float32), np.ones((40, 40), np.float32)) is None


def test_stray_pieces_are_large_and_apart() -> None:
    truth = body_with_pole()
    alpha = truth.copy()
    alpha[190:200, 200:260] = 1  # touches the subject
    alpha[10:20, 10:34] = 1  # 240 pixels: 0.2 % of the picture, not over it
    assert count_stray_pieces(alpha, truth) == 0
    alpha[10:20, 34] = 1
    alpha[260:290, 300:330] = 0.6
    assert count_stray_pieces(alpha, truth) == 2


def test_wrongly_taken_area_is_a_share_of_the_subject() -> None:
    truth = np.zeros((10, 10), np.float32)
    truth[:2] = 1
    alpha = np.zeros((10, 10), np.float32)
    alpha[1:4] = 0.7
    assert wrongly_taken_share(alpha, truth) == pytest.approx(1.0)
    assert wrongly_taken_share(truth, truth) == 0


@pytest.mark.parametrize("radius", [0.5, 1, 2.9, 7])
def test_dilation_by_a_disc_is_what_lies_within_its_radius(radius: float) -> None:
    mask = np.random.default_rng(0).random((30, 41)) > 0.99
    near = distance_transform(mask)[0] <= radius
    assert (dilate_by_disc(mask, radius) == near).all()
