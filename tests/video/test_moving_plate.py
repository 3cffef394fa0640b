from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mattebox.io import resampling
from mattebox.types import Floats, Matte, Picture
from mattebox.video.bilinear_sampling import find_places, sample_pixels
from mattebox.video.camera_motion import compose, estimate_camera_motion, invert, map_points
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.frame_cutout import RefinedFrame
from mattebox.video.plate_filter import PlateFilter

SHAPE, GRID = (120, 200), (60, 100)
FRAMES = 20
HALO_PIXELS = 4
Views = Sequence[tuple[float, float]]  # where the camera looks, x and y, frame by frame


def ground() -> Floats:
    """A textured scene, H x W x 3 levels."""
    cells = np.random.default_rng(1).uniform(50, 190, (60, 90, 3)).astype(np.float32)
    sharp = cells.repeat(6, axis=0).repeat(6, axis=1)
    across = (sharp + np.roll(sharp, 1, 1) + np.roll(sharp, -1, 1)) / 3  # as a lens shows it
    return (across + np.roll(across, 1, 0) + np.roll(across, -1, 0)) / 3


def disc(x: float, radius: float) -> Floats:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    alpha: Floats = np.clip(radius - np.hypot(columns - x, rows - 60) + 0.5, 0, 1).astype(np.float32)
    return alpha


def look(scene: Floats, x: float, y: float, zoom: float = 1.0) -> Floats:
    """The scene from a place, H x W x 3."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    across, down = (columns - 100) / np.float32(zoom) + 100, (rows - 60) / np.float32(zoom) + 60
    places = find_places((across + np.float32(x)).ravel(), (down + np.float32(y)).ravel(), (360, 540))
    return sample_pixels(scene, places).reshape(*SHAPE, 3)


def draw(views: Views, *, zoom: float = 0.0, scene: Floats | None = None, wrong: bool = False) -> list[RefinedFrame]:
    """A disc that walks before a scene which the camera sees from place to place, with mattes that are too wide."""
    frames, rng, scene = [], np.random.default_rng(0), ground() if scene is None else scene
    for n, (x, y) in enumerate(views):
        alpha, wide = disc(place(n), 24), np.rint(disc(place(n), 24 + HALO_PIXELS) * 255).astype(np.uint8)
        levels = alpha[..., None] * (230, 40, 40) + (1 - alpha[..., None]) * look(scene, x, y, 1 + zoom * n)
        picture = Picture(np.clip(np.rint(levels + rng.normal(0, 2, levels.shape)), 0, 255).astype(np.uint8))
        inside = resampling.shrink(np.rint(disc(place(n), 20) * 255).astype(np.uint8), GRID).astype(np.float32) / 255
        coarse = resampling.shrink(wide, GRID).astype(np.float32) / 255
        guide = resampling.shrink(picture.rgb, GRID).astype(np.float32) / 255
        to_before = np.zeros((30, 50, 2), np.float32)
        if n:
            step = np.subtract((x, y), views[n - 1])
            rows, columns = np.mgrid[:30, :50].astype(np.float32)
            growth = (1 + zoom * (n - 1)) / (1 + zoom * n) - 1
            to_before[..., 0] = step[0] / 4 + growth * (columns - 24.6)
            to_before[..., 1] = step[1] / 4 + growth * (rows - 14.6)
        motion = to_before + rng.normal(0, 0.05, to_before.shape).astype(np.float32)
        if wrong:
            motion = rng.normal(0, 2, motion.shape).astype(np.float32)
        matte = CoarseMatte(picture, n, n / 25, guide, np.where(inside > 0.99, inside, np.minimum(coarse, 0.9)),
                            motion=(motion, -motion) if n else None)  # fmt: skip
        frames.append(RefinedFrame(matte, Matte(wide, 1.0, True, (0, 0, SHAPE[1], SHAPE[0]))))
    return frames


def place(number: int) -> float:
    return 60 + 4.0 * number


def steady(frames: Sequence[RefinedFrame], **options: int) -> list[RefinedFrame]:
    plate_filter = PlateFilter(**options)
    finished = [frame for pushed in frames for frame in plate_filter.push(pushed)] + plate_filter.flush()
    assert [frame.coarse.index for frame in finished] == [frame.coarse.index for frame in frames]
    return finished


def errors(frames: Sequence[RefinedFrame]) -> list[float]:
    return [float(np.abs(f.matte.alpha / 255 - disc(place(f.coarse.index), 24)).sum()) for f in frames]


PAN: Views = [(40 + 3.3 * n, 30 + 0.7 * n) for n in range(FRAMES)]
HAND_HELD: Views = [(60 + x, 60 + y) for x, y in np.random.default_rng(5).normal(0, 2.5, (FRAMES, 2))]


@pytest.mark.parametrize(("views", "zoom"), [(PAN, 0.0), (HAND_HELD, 0.0), ([(60, 60)] * FRAMES, 0.008)])
def test_what_a_moving_camera_shows_elsewhen_is_background(views: Views, zoom: float) -> None:
    frames = draw(views, zoom=zoom)
    before, after = errors(frames), errors(steady(frames))
    assert all(left <= right for left, right in zip(after, before, strict=True))
    assert np.mean(after[4:-4]) < 0.6 * np.mean(before[4:-4])


def test_the_camera_is_followed_to_a_tenth_of_a_pixel() -> None:
    for frame, (x, y), before in zip(draw(PAN)[1:], PAN[1:], PAN, strict=False):
        camera = estimate_camera_motion(frame.coarse)
        assert camera is not None
        found = map_points(camera, np.float32([100]), np.float32([60]))  # type: ignore[arg-type]
        assert abs(found[0][0] - 100 - (x - before[0])) < 0.1
        assert abs(found[1][0] - 60 - (y - before[1])) < 0.1
        np.testing.assert_allclose(compose(camera, invert(camera)), np.eye(2, 3), atol=1e-9)


@pytest.mark.parametrize("case", ["wrong motion", "flat", "other scene each frame", "no motion"])
def test_where_the_camera_cannot_be_followed_nothing_changes(case: str) -> None:
    if case == "other scene each frame":
        rng = np.random.default_rng(3)
        frames = [draw(PAN, scene=rng.permuted(ground(), axis=1))[n] for n in range(FRAMES)]
    elif case == "flat":
        frames = draw(
            PAN, scene=np.linspace(100, 130, 540, dtype=np.float32)[None, :, None].repeat(360, 0).repeat(3, 2)
        )
    else:
        frames = draw(PAN, wrong=case == "wrong motion")
    if case == "no motion":
        frames = [replace(frame, coarse=replace(frame.coarse, motion=None)) for frame in frames]
    after = steady(frames)
    for one, other in zip(after, frames, strict=True):
        lost = disc(place(one.coarse.index), 23) > one.matte.alpha / 255 + 0.1
        assert not lost.any()
        if case != "flat":  # which may be known well enough
            np.testing.assert_array_equal(one.matte.alpha, other.matte.alpha)


@pytest.mark.parametrize("rows", [12, 60])
def test_what_lies_nearer_and_moves_otherwise_costs_nothing_of_the_subject(rows: int) -> None:
    frames, near = draw(PAN), draw([(40 + 9 * n, 30) for n in range(FRAMES)])
    for frame, other in zip(frames, near, strict=True):
        is_subject = disc(place(frame.coarse.index), 25)[-rows:, :, None] > 0
        np.copyto(frame.coarse.picture.rgb[-rows:], other.coarse.picture.rgb[-rows:], where=~is_subject)
        if frame.coarse.motion is not None and other.coarse.motion is not None:
            for mine, theirs in zip(frame.coarse.motion, other.coarse.motion, strict=True):
                mine[-rows // 4 :] = theirs[-rows // 4 :]
    before, after = errors(frames), errors(steady(frames))
    assert all(left <= right for left, right in zip(after, before, strict=True))
    for one in steady(frames):
        assert not (disc(place(one.coarse.index), 23) > one.matte.alpha / 255 + 0.1).any()


def test_nothing_crosses_a_cut_a_segment_or_a_change_of_size() -> None:
    frames = draw(PAN)
    alone = steady(frames[8:])
    in_segments = steady(frames, segment_frames=8)[8:16]
    cut = [*frames[:8], replace(frames[8], coarse=replace(frames[8].coarse, is_cut=True)), *frames[9:]]
    for one, other in zip(alone, steady(cut)[8:], strict=True):
        np.testing.assert_array_equal(one.matte.alpha, other.matte.alpha)
    for one, other in zip(steady(frames[8:16]), in_segments, strict=True):
        np.testing.assert_array_equal(one.matte.alpha, other.matte.alpha)
    smaller = [_crop(frame) if frame.coarse.index >= 8 else frame for frame in frames]
    assert [f.matte.alpha.shape for f in steady(smaller)] == [SHAPE] * 8 + [(100, 200)] * (FRAMES - 8)


def _crop(frame: RefinedFrame) -> RefinedFrame:
    picture = Picture(np.ascontiguousarray(frame.coarse.picture.rgb[:100]))
    alpha = np.ascontiguousarray(frame.matte.alpha[:100])
    return replace(
        frame, coarse=replace(frame.coarse, picture=picture, motion=None), matte=replace(frame.matte, alpha=alpha)
    )
