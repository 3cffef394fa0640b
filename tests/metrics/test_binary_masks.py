"""Distances against brute force and scipy, components against scikit-image."""

import numpy as np
import pytest
from skimage.measure import label

from mattebox.core.connected_components import label_components
from mattebox.metrics.binary_masks import distance_transform, largest_component

ndimage = pytest.importorskip("scipy.ndimage")


@pytest.mark.parametrize("share", [0.002, 0.05, 0.6])
def test_the_nearest_is_nearest(share: float) -> None:
    mask = np.random.default_rng(3).random((47, 61)) < share
    mask[11, 7] = True
    distance, index = distance_transform(mask)
    np.testing.assert_allclose(distance, ndimage.distance_transform_edt(~mask))
    assert mask.ravel()[index].all()
    rows, columns = np.indices(mask.shape)
    np.testing.assert_allclose(np.hypot(rows - index // 61, columns - index % 61), distance)


def test_nothing_has_no_nearest() -> None:
    with pytest.raises(ValueError, match="no pixel"):
        distance_transform(np.zeros((3, 3), bool))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.7])
def test_components_are_those_of_scikit_image(share: float) -> None:
    mask = np.random.default_rng(5).random((40, 50)) < share
    ours, theirs = label_components(mask, connectivity=4)[0][mask], label(mask, connectivity=1)[mask]
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    assert len(pairs) == len(set(ours.tolist())) == len(set(theirs.tolist()))
    assert largest_component(mask).sum() == np.bincount(theirs).max()


def test_a_spiral_is_one_and_corners_do_not_join() -> None:
    snake = np.zeros((9, 9), bool)
    snake[::2] = True
    snake[1::4, -1] = snake[3::4, 0] = True
    assert len(set(label_components(snake, connectivity=4)[0][snake].tolist())) == 1
    assert largest_component(np.eye(4, dtype=bool)).sum() == 1
    assert not largest_component(np.zeros((2, 2), bool)).any()
