from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mattebox.io import resampling
from mattebox.types import Floats, Matte, Picture
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.frame_cutout import RefinedFrame
from mattebox.video.plate_filter import PlateFilter

SHAPE = (120, 200)
FRAMES = 24
HALO_PIXELS = 4


def ground(shift: int = 0) -> Floats:
    """A textured scene, H x W x 3 levels."""
    cells = np.random.default_rng(1).uniform(60, 180, (40, 60, 3)).astype(np.float32)
    return cells.repeat(6, axis=0).repeat(6, axis=1)[20 : 20 + SHAPE[0], 40 + shift : 40 + shift + SHAPE[1]]


def disc(x: float, radius: float) -> Floats:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    alpha: Floats = np.clip(radius - np.hypot(columns - x, rows - 60) + 0.5, 0, 1).astype(np.float32)
    return alpha


def draw(x: float, *, shift: int = 0, light: float = 1.0, seed: int = 0, colour: int = 230) -> Picture:
    """A disc before the scene, with noise."""
    alpha = disc(x, 24)[..., None]
    levels = light * (alpha * (colour, 40, 40) + (1 - alpha) * ground(shift))
    noise = np.random.default_rng(seed).normal(0, 2, levels.shape)
    return Picture(np.clip(np.rint(levels + noise), 0, 255).astype(np.uint8))


def refine_frame(
    picture: Picture, index: int, x: float, halo: int = HALO_PIXELS, *, is_cut: bool = False
) -> RefinedFrame:
    """The frame with a matte that is too wide by some pixels."""
    alpha = np.rint(disc(x, 24 + halo) * 255).astype(np.uint8)
    inside = resampling.shrink(np.rint(disc(x, 20) * 255).astype(np.uint8), (60, 100)).astype(np.float32) / 255
    coarse = CoarseMatte(picture, index, index / 25, np.zeros((60, 100, 3), np.float32), inside, is_cut=is_cut)
    return RefinedFrame(coarse, Matte(alpha, 1.0, True, (0, 0, SHAPE[1], SHAPE[0])))


def steady(frames: Sequence[RefinedFrame], **options: int) -> list[RefinedFrame]:
    plate_filter = PlateFilter(**options)
    finished = [frame for pushed in frames for frame in plate_filter.push(pushed)] + plate_filter.flush()
    assert [frame.coarse.index for frame in finished] == [frame.coarse.index for frame in frames]
    return finished


def errors(frames: Sequence[RefinedFrame], places: Sequence[float]) -> list[float]:
    return [float(np.abs(frame.matte.alpha / 255 - disc(x, 24)).sum()) for frame, x in zip(frames, places, strict=True)]


@pytest.mark.parametrize("light", [0.0, 0.4])
def test_what_a_still_shot_shows_elsewhen_is_background(light: float) -> None:
    places = [60 + 3.0 * number for number in range(FRAMES)]
    frames = [
        refine_frame(draw(x, light=1 - light * n / FRAMES, seed=n), n, x) for n, x in enumerate(places)
    ]  # the light falls
    before, after = errors(frames, places), errors(steady(frames), places)
    assert max(after[4:-4]) < 0.5 * min(before)
    assert all(left <= right for left, right in zip(after, before, strict=True))
    middle = steady(frames)[12]
    core = disc(places[12], 22) == 1
    assert (middle.matte.alpha[core] == 255).all()
    assert middle.matte.box[2] - middle.matte.box[0] < 2 * (24 + HALO_PIXELS)  # of what is left


def test_where_the_camera_moves_and_motion_is_unknown_nothing_is_learned() -> None:
    places = [60 + 3.0 * number for number in range(FRAMES)]
    frames = [refine_frame(draw(x, shift=n, seed=n), n, x) for n, x in enumerate(places)]
    assert errors(steady(frames), places) == errors(frames, places)


def test_nothing_crosses_a_cut_or_the_start_of_a_segment() -> None:
    places = [60 + 3.0 * number for number in range(FRAMES)]
    frames = [refine_frame(draw(x, seed=n), n, x) for n, x in enumerate(places)]
    alone = steady(frames[12:])
    in_segments = steady(frames, segment_frames=12)[12:]
    cut = [*frames[:12], replace(frames[12], coarse=replace(frames[12].coarse, is_cut=True)), *frames[13:]]
    for others in (in_segments, steady(cut)[12:]):
        for one, other in zip(alone, others, strict=True):
            np.testing.assert_array_equal(one.matte.alpha, other.matte.alpha)


def test_a_subject_that_was_missed_at_first_is_not_eaten() -> None:
    # The network misses the disc in the first half: it is learned as background, and contradicted afterwards.
    frames = [refine_frame(draw(100, seed=n), n, 100, 0) for n in range(FRAMES)]
    missed = [
        replace(frame, matte=replace(frame.matte, alpha=(frame.matte.alpha * np.uint8(n >= 12))))
        for n, frame in enumerate(frames)
    ]
    missed = [
        replace(frame, coarse=replace(frame.coarse, alpha=frame.coarse.alpha * np.float32(n >= 12)))
        for n, frame in enumerate(missed)
    ]
    truth = disc(100, 24)
    last = steady(missed)[-1].matte.alpha / 255
    assert np.abs(last - truth).sum() < 0.05 * truth.sum()
