"""Expected IoU, calibration, boxes: against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.matting.confidence import build_scored_matte, calibrate_confidence, expected_iou
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.types import subject_box


def test_expected_iou_by_hand() -> None:
    alpha = np.array([[0.9, 0.8], [0.2, 0.0]], np.float32)
    # inside: 0.9 + 0.8; union: 1 + 1 + 0.2
    assert expected_iou(alpha) == pytest.approx(1.7 / 2.2)


def test_without_a_subject_the_expected_iou_is_zero() -> None:
    assert expected_iou(np.full((4, 4), 0.49, np.float32)) == 0
    assert calibrate_confidence(0.0, Calibration(bias=5)) == 0


def test_a_certain_matte_is_found_with_its_box() -> None:
    alpha = np.zeros((10, 12), np.float32)
    alpha[2:7, 3:9] = 1
    matte = build_scored_matte(alpha, Calibration())
    assert matte.found
    assert matte.confidence > 0.99
    assert matte.box == (3, 2, 9, 7)
    assert set(np.unique(matte.alpha)) == {0, 65535}


def test_a_ghost_is_not_found() -> None:
    ghost = np.full((32, 32), 0.3, np.float32)
    ghost[10:12, 10:12] = 0.55
    matte = build_scored_matte(ghost, Calibration(found_confidence=0.15))
    assert not matte.found
    assert matte.box == (10, 10, 12, 12)


def test_a_speck_is_not_found_however_certain() -> None:
    speck = np.zeros((100, 100), np.float32)
    speck[50, 50] = 1
    assert not build_scored_matte(speck, Calibration(found_share=0.001)).found
    assert build_scored_matte(speck, Calibration(found_share=0.0001)).found


@given(st.floats(0.01, 0.98), st.floats(0.01, 0.98))
def test_a_higher_expected_iou_is_more_confidence(one: float, other: float) -> None:
    low, high = sorted((one, other))
    calibration = Calibration(bias=-0.4, slope=0.8)
    assert 0 <= calibrate_confidence(low, calibration) <= calibrate_confidence(high, calibration) <= 1


def test_box_of_an_empty_plane_is_the_plane() -> None:
    assert subject_box(np.zeros((5, 9), np.uint8)) == (0, 0, 9, 5)
