"""Matting by a trimap: known mattes are found across tiles, at any size and bit depth, and what is certain holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.core import cpu_threads
from mattebox.matting import trimap_matting
from mattebox.matting.matting_laplacian import MattingLaplacian
from mattebox.matting.trimap_matting import matte_from_trimap, solve_trimap
from mattebox.types import BitDepth, Floats, Mask, Picture
from tests.fakes import composite, disc, hairy


def band_trimap(truth: np.ndarray, margin: int) -> NDArray[np.uint8]:
    """Unknown so many pixels around all that is neither 0 nor 1."""
    trimap = np.where(truth > 0.5, 255, 0).astype(np.uint8)
    for y, x in np.argwhere((truth > 0) & (truth < 1)):
        trimap[max(0, y - margin) : y + margin + 1, max(0, x - margin) : x + margin + 1] = 128
    return trimap


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("shape", [(300, 431), (97, 640)])
def test_a_known_matte_is_found_across_tiles(shape: tuple[int, int], depth: int) -> None:
    truth = disc(shape, softness=6)
    picture = composite(truth, np.array((220, 60, 20)), np.array((20, 60, 220)), depth)
    trimap = band_trimap(truth, 10)
    matte = matte_from_trimap(picture, trimap)
    assert matte.bit_depth == BitDepth(depth)
    assert matte.found
    alpha = matte.alpha / matte.bit_depth.peak
    stretched = np.clip((truth - 0.08) / 0.84, 0, 1)  # haze is clipped, as documented
    assert np.abs(alpha - stretched)[trimap == 128].max() < 0.03
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 255] == 1).all()


def test_tiles_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, rng = hairy((256, 256)), np.random.default_rng(0)
    front, back = (rng.integers(low, low + 60, (256, 256, 3), np.uint8) for low in (160, 20))
    picture, trimap = composite(truth, front, back), band_trimap(truth, 6)
    whole = solve_trimap(picture.rgb, trimap)
    monkeypatch.setattr(trimap_matting, "TILE_SIDE_PIXELS", 64)
    tiled = solve_trimap(picture.rgb, trimap)
    assert np.abs(tiled - whole).mean() < 0.003
    seams = list(range(64, 256, 64))
    jumps = np.abs(np.diff(tiled - whole, axis=1))
    assert jumps[:, [s - 1 for s in seams]].mean() < 2 * jumps.mean() + 1e-4


def test_results_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = disc((260, 420), softness=4)
    picture, trimap = composite(truth, np.array((200, 200, 40)), np.array((20, 90, 60))), band_trimap(truth, 8)
    results = []
    for count in (1, 4):
        monkeypatch.setattr(cpu_threads, "process_cpu_count", lambda count=count: count)
        results.append(solve_trimap(picture.rgb, trimap))
    assert (results[0] == results[1]).all()


def test_only_the_unknown_band_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    solved: list[int] = []
    solve = trimap_matting.solve_closed_form

    def count(rgb: Floats, start: Floats, unknown: Mask, *rest: Any) -> Floats:
        solved.append(MattingLaplacian(rgb, unknown).band.count)
        return solve(rgb, start, unknown, *rest)

    monkeypatch.setattr(trimap_matting, "solve_closed_form", count)
    trimap = np.zeros((1000, 1200), np.uint8)
    trimap[:100], trimap[100:108, :200] = 255, 128
    solve_trimap(np.zeros((1000, 1200, 3), np.uint8), trimap)
    assert 1600 < sum(solved) < 5000


@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (3, 3), (5, 300)])
def test_tiny_pictures_do_not_fail(shape: tuple[int, int]) -> None:
    trimap = np.full(shape, 128, np.uint8)
    trimap[0, 0] = 255
    alpha = solve_trimap(np.full((*shape, 3), 90, np.uint8), trimap)
    assert alpha.shape == shape
    assert alpha[0, 0] == 1
    assert np.isfinite(alpha).all()


def test_the_pictures_own_alpha_is_a_limit() -> None:
    picture = Picture(np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 100, np.uint8))
    assert matte_from_trimap(picture, np.full((8, 8), 255, np.uint8)).alpha.max() == 100
