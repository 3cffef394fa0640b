"""The edge of a matte is moved by whole and broken pixels, and softened; all else stays."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.edge_adjustment import adjust_edge
from mattebox.types import Matte, subject_box


def make_matte(alpha: np.ndarray) -> Matte:
    return Matte(alpha, 1.0, True, subject_box(alpha))


def disc_matte(radius: int, dtype: type = np.uint8) -> Matte:
    y, x = np.mgrid[:120, :120]
    inside = (x - 60) ** 2 + (y - 60) ** 2 <= radius**2
    return make_matte(np.where(inside, np.iinfo(dtype).max, 0).astype(dtype))


def mean_radius(matte: Matte) -> float:
    """Of a disc of the same area."""
    return float((matte.alpha.sum() / np.iinfo(matte.alpha.dtype).max / np.pi) ** 0.5)


@pytest.mark.parametrize("shift", [-7.0, -2.5, -0.4, 0.6, 3.0, 9.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_disc_grows_and_shrinks_by_the_shift(shift: float, dtype: type) -> None:
    matte = disc_matte(30, dtype)
    moved = adjust_edge(matte, shift, 0)
    assert moved.alpha.dtype == dtype
    assert mean_radius(moved) - mean_radius(matte) == pytest.approx(shift, abs=0.35)


def test_a_feather_widens_the_edge_and_keeps_its_place() -> None:
    matte = disc_matte(30)
    soft = adjust_edge(matte, 0, 10)
    assert mean_radius(soft) == pytest.approx(mean_radius(matte), abs=0.5)
    edge = soft.alpha[60, 60:]
    assert 8 <= np.count_nonzero((edge > 25) & (edge < 230)) <= 16
    assert (soft.alpha[50:70, 50:70] == 255).all()
    assert (np.diff(edge.astype(int)) <= 0).all()


def test_a_subject_at_the_rim_stays_whole_there() -> None:
    alpha = np.zeros((40, 40), np.uint8)
    alpha[:, 20:] = 255
    for shift, feather in ((2.0, 0.0), (-2.0, 0.0), (0.0, 6.0)):
        assert (adjust_edge(make_matte(alpha), shift, feather).alpha[:, 30:] == 255).all()


def test_nothing_asked_changes_nothing() -> None:
    matte = disc_matte(30)
    assert adjust_edge(matte, 0, 0) is matte
