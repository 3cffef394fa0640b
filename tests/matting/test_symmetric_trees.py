"""Symmetric trees, against the same sums in plain Python."""

from __future__ import annotations

import numpy as np

from mattebox.matting.click_likelihood import FEATURES
from mattebox.matting.click_trees import TREES
from mattebox.matting.symmetric_trees import SymmetricTree, evaluate_trees


def evaluate_slowly(tree: SymmetricTree, sample: np.ndarray) -> float:
    leaf = 0
    for feature, threshold in zip(tree.features, tree.thresholds, strict=True):
        leaf = 2 * leaf + int(sample[feature] > np.float32(threshold))
    return tree.leaves[leaf]


def test_the_trees_of_clicks_are_summed() -> None:
    samples = np.random.default_rng(0).normal(0, 3, (50, len(FEATURES))).astype(np.float32)
    expected = [sum(evaluate_slowly(tree, sample) for tree in TREES) for sample in samples]
    np.testing.assert_allclose(evaluate_trees(TREES, samples), expected, atol=1e-3)
    assert np.ptp(expected) > 1
