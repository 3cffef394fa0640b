from __future__ import annotations

import numpy as np
import pytest

from mattebox.types import Floats, Matte, Picture
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.edge_averaging import EdgeAverage
from mattebox.video.frame_cutout import RefinedFrame

SHAPE, GRID = (80, 120), (40, 60)  # of the picture, and of half the network's grid


def disc(x: float) -> Floats:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    alpha: Floats = np.clip((22 - np.hypot(columns - x, rows - 40)) / 4 + 0.5, 0, 1).astype(np.float32)
    return alpha


def frame(index: int, x: float, step: float, *, noise: float = 0.1) -> RefinedFrame:
    """A disc that moved by `step` pixels, with a matte whose soft edge is noisy."""
    truth = disc(x)
    colours = truth[..., None] * (220, 60, 40) + (1 - truth[..., None]) * (40, 60, 200)
    rng = np.random.default_rng(index)
    alpha = np.where((truth > 0) & (truth < 1), truth + rng.normal(0, noise, SHAPE), truth).clip(0, 1)
    back = np.zeros((*GRID, 2), np.float32)
    back[..., 0] = -step * GRID[1] / SHAPE[1]
    coarse = CoarseMatte(
        Picture(np.rint(colours).astype(np.uint8)), index, index / 25, np.zeros((80, 120, 3), np.float32),
        truth, motion=None if index == 0 else (back, -back),
    )  # fmt: skip
    return RefinedFrame(coarse, Matte(np.rint(alpha * 255).astype(np.uint8), 1.0, True, (0, 0, SHAPE[1], SHAPE[0])))


def average(frames: list[RefinedFrame], segment_frames: int | None = None) -> list[RefinedFrame]:
    edges = EdgeAverage(segment_frames)
    pushed = [edges.push(one) for one in frames]
    assert all(len(finished) <= 2 for finished in pushed)
    finished = [one for ready in pushed for one in ready] + edges.flush()
    assert [one.coarse.index for one in finished] == list(range(len(frames)))
    return finished


def error(one: RefinedFrame, x: float) -> float:
    return float(np.abs(one.matte.alpha / 255 - disc(x)).sum())


@pytest.mark.parametrize("step", [0.0, 3.0])
def test_noise_of_edges_is_averaged_along_the_motion(step: float) -> None:
    places = [40 + step * n for n in range(6)]
    frames = [frame(n, x, step) for n, x in enumerate(places)]
    for before, after, x in zip(frames[1:-1], average(frames)[1:-1], places[1:-1], strict=True):
        assert error(after, x) < 0.75 * error(before, x)
        assert (after.matte.alpha[disc(x) == 1] == 255).all()


def test_what_moves_otherwise_than_was_estimated_is_not_smeared() -> None:
    places = [40 + 8.0 * n for n in range(5)]
    frames = [frame(n, x, 0.0, noise=0.0) for n, x in enumerate(places)]  # motion is missed
    for after, x in zip(average(frames), places, strict=True):
        assert error(after, x) < 0.02 * disc(x).sum()


def test_nothing_crosses_the_start_of_a_scene_or_a_segment() -> None:
    frames = [frame(n, 40, 0.0) for n in range(8)]
    alone = average([frame(n, 40, 0.0) for n in range(4)])
    segments = average(frames, 4)
    for one, other in zip(alone, segments[:4], strict=True):
        np.testing.assert_array_equal(one.matte.alpha, other.matte.alpha)
    assert not np.array_equal(average(frames)[3].matte.alpha, segments[3].matte.alpha)
