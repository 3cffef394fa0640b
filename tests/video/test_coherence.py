from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import mattebox as mb
from mattebox.types import Floats
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.coherence import CoherenceName, create_coherence
from mattebox.video.concurrency import map_ahead, read_ahead
from mattebox.video.frame_reuse import MAX_BLOCK_CHANGE, is_nearly_identical
from mattebox.video.key_frames import MAX_LOOK_AHEAD, key_span
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import choose_motion_estimator, compose_motion, estimate_motion, halve_colours, move_planes
from mattebox.video.motion_filter import LOOK_AHEAD, motion_trust
from mattebox.video.scene_cuts import is_scene_cut
from tests.fakes import fake_session
from tests.video.clips import disc_alpha, draw_frame

SHAPE = (96, 160)


def texture(seed: int = 0) -> Floats:
    """Smooth noise, h x w x 3, larger than a frame."""
    noise = np.random.default_rng(seed).random((40, 60, 3))
    large = np.kron(noise, np.ones((4, 4, 1)))
    for _ in range(3):
        large = (large + np.roll(large, 1, 0) + np.roll(large, 1, 1) + np.roll(large, (1, 1), (0, 1))) / 4
    return large.astype(np.float32)


def window(plane: Floats, x: int, y: int) -> Floats:
    return plane[y : y + SHAPE[0], x : x + SHAPE[1]]


@pytest.mark.parametrize("kind", ["own", "dis"])
@pytest.mark.parametrize(("x", "y"), [(3, -2), (-11, 6), (0, 0)])
def test_motion_of_a_pan(kind: str, x: int, y: int) -> None:
    if kind == "dis":
        pytest.importorskip("cv2")
    plane = texture()
    frame, other = window(plane, 30, 30), window(plane, 30 + x, 30 + y)
    motion, back = choose_motion_estimator(kind)(frame, other)  # on half the grid
    inner = 2 * motion[8:-8, 8:-8]
    assert np.abs(np.median(inner, axis=(0, 1)) - (-x, -y)).max() < 0.15
    assert np.mean(np.abs(inner - (-x, -y)).max(axis=-1) < 0.5) > 0.9
    trust = motion_trust(halve_colours(frame), halve_colours(other), motion, back)
    assert np.median(trust[4:-4, 4:-4]) > 0.4  # half a sample off, high contrast
    lost = motion_trust(halve_colours(frame), halve_colours(other), motion + 3, back)
    assert np.median(lost[4:-4, 4:-4]) < 0.01
    shown = move_planes(halve_colours(other), motion)
    assert np.abs(shown - halve_colours(frame))[8:-8, 8:-8].mean() < 0.05
    two = 2 * compose_motion(motion, motion)
    assert np.abs(np.median(two[10:-10, 10:-10], axis=(0, 1)) - (-2 * x, -2 * y)).max() < 0.4


def test_scene_cuts_are_no_pans_and_no_changes_of_light() -> None:
    plane, other = texture(), texture(1) * (0.2, 0.9, 0.4)
    frame = window(plane, 30, 30)
    assert is_scene_cut(frame, window(other.astype(np.float32), 30, 30))
    assert not is_scene_cut(frame, window(plane, 36, 30))
    assert not is_scene_cut(frame, frame * np.float32(0.6))
    assert not is_scene_cut(frame, np.clip(frame + np.float32(0.25), 0, 1))


def test_nearly_identical_is_bounded_by_blocks() -> None:
    frame = window(texture(), 0, 0)
    noise = np.random.default_rng(0).normal(0, 1 / 255, frame.shape).astype(np.float32)
    assert is_nearly_identical(frame + noise, frame)
    changed = frame.copy()
    changed[40:44, 80:84, 1] += 1.5 * MAX_BLOCK_CHANGE
    assert not is_nearly_identical(changed, frame)
    changed[40:44, 80:84, 1] -= MAX_BLOCK_CHANGE
    assert is_nearly_identical(changed, frame)
    assert not is_nearly_identical(frame[:-1], frame)


class NoisyPredictor(MattePredictor):
    """The disc's matte with a different error in each frame; counts its runs."""

    def __init__(self, *, still: bool) -> None:
        super().__init__(fake_session())
        self.runs: list[int] = []
        self._still = still

    def run(self, frame: CoarseMatte) -> CoarseMatte:
        self.runs.append(frame.index)
        noise = np.random.default_rng(frame.index).normal(0, 0.05, SHAPE).astype(np.float32)
        return replace(frame, alpha=disc_alpha(0 if self._still else frame.index).astype(np.float32) + noise)


def guides(count: int) -> list[Floats]:
    """A disc with a texture of its own that moves over another texture."""
    back, front, frames = window(texture(), 0, 0), texture(2), []
    for number in range(count):
        alpha = disc_alpha(number)[..., None].astype(np.float32)
        frames.append(alpha * window(front, 60 - 2 * number, 20) + (1 - alpha) * back)
    return [frame.astype(np.float32) for frame in frames]


def follow(
    name: CoherenceName, frames: list[Floats], *, still: bool = False
) -> tuple[list[CoarseMatte], NoisyPredictor, int]:
    """All mattes, the predictor, and by how many frames they came late at most."""
    predictor, picture, finished, delay = NoisyPredictor(still=still), mb.Picture(draw_frame(0)), [], 0
    coherence = create_coherence(name, predictor, estimate_motion)
    for number, guide in enumerate(frames):
        finished += coherence.push(CoarseMatte(picture, number, number / 10, guide, np.zeros(SHAPE, np.float32)))
        delay = max(delay, number + 1 - len(finished))
    return finished + coherence.flush(), predictor, delay


def flicker(mattes: list[CoarseMatte], *, still: bool = False) -> float:
    """Root mean square of the error's change from frame to frame (dtSSD)."""
    errors = [m.alpha - disc_alpha(0 if still else m.index) for m in mattes]
    return float(np.sqrt(np.mean([(b - a) ** 2 for a, b in pairwise(errors)])))


def error(mattes: list[CoarseMatte], *, still: bool = False) -> float:
    return float(np.mean([np.abs(m.alpha - disc_alpha(0 if still else m.index)).mean() for m in mattes]))


def test_averages_along_the_motion_flicker_less_and_are_nearer() -> None:
    frames = guides(10)
    single, filtered = follow("frame", frames), follow("motion", frames)
    assert [m.index for m in filtered[0]] == list(range(10))
    assert filtered[2] == LOOK_AHEAD
    assert flicker(filtered[0]) < 0.7 * flicker(single[0])
    assert error(filtered[0]) < 0.8 * error(single[0])


def test_key_frames_ask_the_network_where_it_is_needed() -> None:
    frames = [guides(1)[0] + np.float32(0.004 * number) for number in range(16)]  # only the light changes
    single, carried = follow("frame", frames, still=True)[0], follow("keys", frames, still=True)
    assert [m.index for m in carried[0]] == list(range(16))
    assert carried[2] <= MAX_LOOK_AHEAD
    assert {0, 6, 12, 15} <= set(carried[1].runs)
    assert len(carried[1].runs) == 4
    assert [m.origin == "carried" for m in carried[0]] == [number not in carried[1].runs for number in range(16)]
    assert error(carried[0], still=True) < 0.6 * error(single, still=True)
    assert flicker(carried[0], still=True) < 0.4 * flicker(single, still=True)
    moving, predictor, _ = follow("keys", guides(10))
    assert len(predictor.runs) == 10  # 1.3 % of the width a frame, an outline that is known to a sample at best
    assert error(moving) < 0.8 * error(follow("frame", guides(10))[0])


def test_key_frames_lie_close_where_mattes_cannot_be_carried() -> None:
    rng = np.random.default_rng(5)
    frames = [np.kron(rng.random((12, 20, 3)), np.ones((8, 8, 1))).astype(np.float32) * 0.2 + 0.4 for _ in range(7)]
    mattes, predictor, _ = follow("keys", frames)
    assert sorted(predictor.runs) == list(range(7))
    assert [m.origin for m in mattes] == ["network"] * 7


def test_few_large_frames_are_held() -> None:
    assert key_span((720, 1280)) == key_span((1080, 1920)) == 6
    assert key_span((2160, 3840)) == 3
    assert key_span((4320, 7680)) == 1


@pytest.mark.parametrize("name", ["motion", "keys", "frame"])
def test_nothing_crosses_a_cut(name: CoherenceName) -> None:
    first, second = guides(5), [frame[::-1] * np.array([0.2, 0.9, 0.4], np.float32) for frame in guides(4)]
    whole = follow(name, [*first, *second])[0]
    alone = follow(name, first)[0]
    assert [m.is_cut for m in whole] == [False] * 5 + [True] + [False] * 3
    for a, b in zip(whole, alone, strict=False):
        assert np.array_equal(a.alpha, b.alpha)


def test_identical_frames_cost_one_run() -> None:
    mattes, predictor, _ = follow("motion", [guides(1)[0]] * 6)
    assert predictor.runs == [0]
    assert [m.origin for m in mattes] == ["network", *["reused"] * 5]


def test_own_frames_come_back_in_order_with_their_times() -> None:
    cutter = mb.VideoCutter(session=fake_session())
    frames = [draw_frame(number) for number in range(5)]
    cuts = [cut for number, frame in enumerate(frames) for cut in cutter.push(frame, number / 25)]
    assert len(cuts) == 3
    cuts += cutter.flush()
    assert [(cut.index, cut.time) for cut in cuts] == [(number, number / 25) for number in range(5)]
    for cut in cuts:
        assert cut.picture.alpha is not None
        assert np.abs(cut.picture.alpha / 255 - disc_alpha(cut.index)).mean() < 0.01
    assert cutter.push(frames[0], 0) == []  # another video may begin


def test_reading_ahead_ends_with_its_reader_and_passes_errors_on() -> None:
    closed = threading.Event()

    def numbers() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    ahead = read_ahead(numbers(), 2)
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    assert closed.is_set()

    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        list(read_ahead(broken()))
    slow_first = map_ahead(lambda n: (time.sleep(0.02 if n == 0 else 0), n)[1], range(6), 3)
    assert list(slow_first) == list(range(6))
