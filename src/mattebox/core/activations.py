"""Activation functions of networks, on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_LOGIT = 80.0  # exp of more overflows float32


def sigmoid(x: NDArray[Any]) -> NDArray[np.float32]:
    """Map logits to probabilities, 0..1."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -MAX_LOGIT, MAX_LOGIT))), np.float32)


def softmax(x: NDArray[Any], axis: int = -1) -> NDArray[np.float32]:
    """Map logits to probabilities that add up to 1 along `axis`."""
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=axis, keepdims=True), np.float32)
