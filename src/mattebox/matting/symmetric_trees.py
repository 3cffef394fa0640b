"""Boosted symmetric trees: sums of small decision trees in which all nodes of a level ask the same question.

After Friedman (2001), Greedy Function Approximation; the symmetric trees as in CatBoost (Prokhorenkova et al., 2018).
A sample's leaf is the number whose bits are the answers, so that whole planes are evaluated at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats


class SymmetricTree(NamedTuple):
    """`features` are the indices of the features that the levels ask for, `thresholds` what they compare them with, and
    `leaves` the 2 ** levels values that the tree adds."""

    features: tuple[int, ...]
    thresholds: tuple[float, ...]
    leaves: tuple[float, ...]


def evaluate_trees(trees: tuple[SymmetricTree, ...], samples: Floats) -> Floats:
    """Sum N of the trees' values for samples N x C."""
    columns = np.ascontiguousarray(samples.T)
    total = np.zeros(len(samples), np.float32)
    for tree in trees:
        total += np.asarray(tree.leaves, np.float32)[find_leaves(tree.features, tree.thresholds, columns)]
    return total


def find_leaves(features: tuple[int, ...], thresholds: tuple[float, ...], columns: Floats) -> NDArray[np.uint8]:
    """Index N of the leaf of each sample, the samples being C x N: the first level's answer is the highest bit."""
    leaf = np.zeros(columns.shape[1], np.uint8)
    for feature, threshold in zip(features, thresholds, strict=True):
        leaf = (leaf << np.uint8(1)) | (columns[feature] > np.float32(threshold))
    return leaf
