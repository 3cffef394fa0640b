"""Activations are finite for any logit, and probabilities add up to 1."""

from __future__ import annotations

import numpy as np

from mattebox.core.activations import sigmoid, softmax


def test_sigmoid() -> None:
    y = sigmoid(np.array([-1e4, -1.0, 0.0, 1.0, 1e4], np.float32))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, [0, 1 / (1 + np.e), 0.5, 1 - 1 / (1 + np.e), 1], atol=1e-6)


def test_softmax() -> None:
    x = np.array([[1e4, 0, -1e4], [0, 0, 0]], np.float32)
    np.testing.assert_allclose(softmax(x), [[1, 0, 0], [1 / 3] * 3], atol=1e-6)
    np.testing.assert_allclose(softmax(x, axis=0).sum(axis=0), 1, atol=1e-6)
