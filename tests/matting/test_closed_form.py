"""Closed-form matting: a blend of two plain colours is solved exactly, and the Laplacian is what its paper says."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.closed_form import MIN_COLOUR_VARIANCE, MattingLaplacian, solve_closed_form
from tests.fakes import disc


def by_hand(rgb: np.ndarray, p: np.ndarray) -> np.ndarray:
    """For each pixel, a ninth of how far it is from what the linear fits of all windows that hold it say of it."""
    _, height, width = rgb.shape
    said, fits = np.zeros((height, width)), np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            inside = np.s_[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
            colours, values = rgb[(slice(None), *inside)].reshape(3, -1).astype(float), p[inside].ravel().astype(float)
            mean = colours.mean(1, keepdims=True)
            spread = (colours - mean) @ (colours - mean).T / values.size + MIN_COLOUR_VARIANCE * np.eye(3)
            slope = np.linalg.solve(spread, (colours - mean) @ values / values.size)
            said[inside] += (values.mean() + slope @ (colours - mean)).reshape(said[inside].shape)
            fits[inside] += 1
    return (fits * p - said) / 9


def test_the_laplacian_is_the_sum_of_its_windows() -> None:
    rng = np.random.default_rng(0)
    rgb, plane = rng.random((3, 7, 9), np.float32), rng.random((7, 9), np.float32)
    np.testing.assert_allclose(MattingLaplacian(rgb).apply(plane), by_hand(rgb, plane), atol=2e-4)


@pytest.mark.parametrize("softness", [2.0, 12.0])
def test_a_blend_of_two_colours_is_found(softness: float) -> None:
    truth = disc((60, 80), softness)
    colours = np.array([[0.9, 0.5, 0.2], [0.1, 0.2, 0.4]], np.float32)
    rgb = (truth[..., None] * colours[0] + (1 - truth[..., None]) * colours[1]).transpose(2, 0, 1).astype(np.float32)
    y, x = np.mgrid[:60, :80] + 0.5
    known = np.abs(np.hypot(y - 30, x - 40) - 18) > 8
    made = solve_closed_form(rgb, np.where(known, truth, np.float32(0.5)), known, 0.001)
    assert np.abs(made - truth)[~known].mean() < 0.03
    assert np.abs(made - truth).max() < 0.06


def test_without_contrast_the_prior_is_kept() -> None:
    rng = np.random.default_rng(1)
    known = np.ones((20, 30), np.bool_)
    start = rng.random((20, 30), np.float32)
    np.testing.assert_allclose(
        solve_closed_form(np.zeros((3, 20, 30), np.float32), start, known, 0.0), start, atol=0.02
    )
