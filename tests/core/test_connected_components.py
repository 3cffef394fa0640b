"""Components: known shapes, and scipy's answer on noise."""

import numpy as np
import pytest
from scipy import ndimage

from mattebox.core.connected_components import Component, dilate, label_components


def test_known_parts() -> None:
    mask = np.zeros((8, 10), bool)
    mask[1:3, 1:4] = True
    mask[3, 4] = True  # touches by a corner
    mask[6, 7:9] = True
    labels, parts = label_components(mask)
    assert parts == [Component(7, (1, 1, 5, 4)), Component(2, (7, 6, 9, 7))]
    assert labels[3, 4] == 1
    assert labels[6, 8] == 2
    assert labels[0, 0] == 0


def test_a_spiral_is_one_part() -> None:
    mask = np.zeros((9, 9), bool)
    mask[0, :] = mask[:, 8] = mask[8, :] = mask[2:, 0] = mask[2, :7] = mask[2:7, 6] = mask[6, 2:7] = True
    assert len(label_components(mask)[1]) == 1


def test_nothing_and_everything() -> None:
    assert label_components(np.zeros((3, 4), bool))[1] == []
    assert label_components(np.ones((3, 4), bool))[1] == [Component(12, (0, 0, 4, 3))]


@pytest.mark.parametrize("density", [0.1, 0.35, 0.6])
def test_as_scipy(density: float) -> None:
    mask = np.random.default_rng(3).random((67, 91)) < density
    labels, parts = label_components(mask)
    known, count = ndimage.label(mask, np.ones((3, 3)))
    assert len(parts) == count
    assert sorted(p.area for p in parts) == sorted(np.bincount(known.ravel())[1:])
    pairs = {(int(a), int(b)) for a, b in zip(labels.ravel(), known.ravel(), strict=True)}
    assert len(pairs) == count + 1
    for i, part in enumerate(parts):
        y, x = np.nonzero(labels == i + 1)
        assert part == Component(len(y), (x.min(), y.min(), x.max() + 1, y.max() + 1))


@pytest.mark.parametrize("by", [1, 3, 40])
def test_growing_is_a_square_dilation(by: int) -> None:
    mask = np.random.default_rng(4).random((23, 31)) < 0.02
    assert (dilate(mask, by) == ndimage.maximum_filter(mask, 2 * by + 1)).all()
