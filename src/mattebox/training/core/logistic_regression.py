"""Logistic regression with soft targets, by Newton's method."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NEWTON_STEPS = 50


def fit_logistic_regression(
    x: NDArray[Any],
    targets: NDArray[Any],
    sample_weights: NDArray[Any],
    l2_penalty: NDArray[Any],
    initial_weights: NDArray[Any],
) -> NDArray[Any]:
    """Logistic regression with soft targets, by Newton's method.

    Parameters
    ----------
    x : ndarray, N x C
        Features.
    targets : ndarray, N
        Probabilities 0..1.
    sample_weights : ndarray, N
        Weights of the rows.
    l2_penalty : ndarray, C
        Penalty of each weight's distance from its initial value.
    initial_weights : ndarray, C
        Where the search begins.

    Returns
    -------
    ndarray, C
        The weights.
    """
    w = initial_weights
    for _ in range(NEWTON_STEPS):
        p = sigmoid(x @ w)
        hessian = (x * (sample_weights * p * (1 - p))[:, None]).T @ x + np.diag(l2_penalty)
        w = w - np.linalg.solve(hessian, x.T @ (sample_weights * (p - targets)) + l2_penalty * (w - initial_weights))
    return w


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def logit(p: Any) -> Any:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))
