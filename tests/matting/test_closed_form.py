"""Closed-form matting: a blend of two plain colours is solved exactly, and the Laplacian is what its paper says."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.closed_form import solve_closed_form
from mattebox.matting.matting_laplacian import MIN_COLOUR_VARIANCE, MattingLaplacian
from tests.fakes import disc


def laplacian_matrix(rgb: np.ndarray) -> np.ndarray:
    """Equation 12 of Levin et al. (2008), window by window."""
    height, width, _ = rgb.shape
    matrix = np.zeros((height * width, height * width))
    for y in range(height - 2):
        for x in range(width - 2):
            indices = (np.arange(y, y + 3)[:, None] * width + np.arange(x, x + 3)).ravel()
            colours = rgb[y : y + 3, x : x + 3].reshape(9, 3).astype(float)
            colours -= colours.mean(axis=0)
            covariance = colours.T @ colours / 9 + MIN_COLOUR_VARIANCE / 9 * np.eye(3)
            matrix[np.ix_(indices, indices)] += np.eye(9) - (1 + colours @ np.linalg.inv(covariance) @ colours.T) / 9
    return matrix


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_the_laplacian_is_the_sum_of_its_windows(share: float) -> None:
    rng = np.random.default_rng(0)
    rgb, plane = rng.random((11, 14, 3), np.float32), rng.random((11, 14), np.float32)
    unknown = rng.random((11, 14)) < share
    unknown[:, 5:8] &= share == 1  # in two bands where some pixels are known
    laplacian = MattingLaplacian(rgb, unknown)
    product = laplacian.band.put(laplacian.apply(laplacian.band.take(plane)), np.zeros_like(plane))
    by_hand = (laplacian_matrix(rgb) @ plane.ravel()).reshape(plane.shape)
    np.testing.assert_allclose(product[unknown], by_hand[unknown], atol=2e-3)


@pytest.mark.parametrize("softness", [2.0, 12.0])
def test_a_blend_of_two_colours_is_found(softness: float) -> None:
    truth = disc((60, 80), softness)
    colours = np.array([[0.9, 0.5, 0.2], [0.1, 0.2, 0.4]], np.float32)
    rgb = (truth[..., None] * colours[0] + (1 - truth[..., None]) * colours[1]).astype(np.float32)
    y, x = np.mgrid[:60, :80] + 0.5
    unknown = np.abs(np.hypot(y - 30, x - 40) - 18) <= 8
    zeros = np.zeros_like(truth)
    alpha = solve_closed_form(rgb, np.where(unknown, np.float32(0.5), truth), unknown, zeros, zeros, 200)
    assert np.abs(alpha - truth).max() < 0.04
    assert (alpha[~unknown] == truth[~unknown]).all()


def test_the_data_term_decides_where_colours_say_nothing() -> None:
    rng = np.random.default_rng(1)
    data = rng.random((20, 30), np.float32)
    unknown, start = np.ones((20, 30), np.bool_), np.full((20, 30), 0.5, np.float32)
    weight = np.full((20, 30), 1e4, np.float32)
    alpha = solve_closed_form(np.zeros((20, 30, 3), np.float32), start, unknown, weight, data, 50)
    np.testing.assert_allclose(alpha, data, atol=0.01)
