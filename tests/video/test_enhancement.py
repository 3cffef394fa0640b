"""Clips enhanced with strengths that hold steady, and interlaced clips."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Balance, Light, Save
from mattebox.types import Picture
from mattebox.video.clip_enhancement import EnhancementResult, enhance_clip
from mattebox.video.clip_result import ClipProgress
from mattebox.video.enhancement_job import EnhancementJob, EnhancementOptions
from mattebox.video.enhancement_segments import enhance_clip_in_segments
from mattebox.video.formats import FORMATS
from mattebox.video.reader import VideoReader
from mattebox.video.segment_folder import FOLDER_SUFFIX
from mattebox.video.steady_measurement import SteadyMeasurement
from tests.video.clips import click_time, decode_rgba, draw_frame, frame_times, run_in_new_process, write_clip

SIZE = (96, 160)


def room(brightness: float, seed: int = 0, cast: tuple[float, float, float] = (1, 1, 1)) -> np.ndarray:
    """A dim room: patches of grey and colours."""
    colours = np.random.default_rng(7).integers(20, 140, (6, 10, 3)) * brightness * np.array(cast)
    noise = np.random.default_rng(seed).normal(0, 1, (*SIZE, 3))
    return np.clip(np.round(np.kron(colours, np.ones((16, 16, 1))) + noise), 0, 255).astype(np.uint8)


def enhance(source: Path, target: Path, start: Fraction | None = None, **fields: object) -> EnhancementResult:
    recipe = build_recipe(fields, Recipe((Save(),)))
    return enhance_clip(
        EnhancementJob(source, target, EnhancementOptions(format=FORMATS["ffv1"], recipe=recipe, start=start))
    )


def test_a_passing_light_does_not_darken_the_rest(tmp_path: Path) -> None:
    frames = [room(0.5, seed) for seed in range(16)]
    for number in range(6, 9):
        frames[number][20:70, 60:120] = 250  # someone passes with a lamp
    clip = write_clip(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))
    enhance(clip, tmp_path / "steady.mkv", light="auto")
    steady = [frame[:16, :, :3].mean() for frame in decode_rgba(tmp_path / "steady.mkv")]
    source = [frame[:16].mean() for frame in frames]
    alone = []
    for frame in frames:
        plan = SteadyMeasurement(Recipe((Light(light="auto"),))).measure(Picture(frame), 0.0, is_cut=False)
        assert plan.tone is not None
        alone.append(plan.tone.exposure)
    assert np.mean(steady) > np.mean(source) + 10
    assert np.ptp(alone) > 0.5  # by themselves the frames would get very different exposures
    assert np.abs(np.diff(steady)).max() < 1


def test_measurements_begin_anew_with_a_scene() -> None:
    measurement = SteadyMeasurement(Recipe((Balance(white="auto"), Light(light="auto"))))
    dark, bright = Picture(room(0.3)), Picture(room(1.6, cast=(1.3, 1, 0.6)))
    first = [measurement.measure(dark, n / 10, is_cut=False) for n in range(5)]
    cut = measurement.measure(bright, 0.5, is_cut=True)
    alone = SteadyMeasurement(Recipe((Balance(white="auto"), Light(light="auto")))).measure(bright, 0, is_cut=False)
    assert first[-1].tone is not None
    assert cut.tone is not None
    assert first[-1].tone.exposure > cut.tone.exposure
    assert alone.tone is not None
    assert cut.tone.exposure == pytest.approx(alone.tone.exposure, abs=1e-9)
    assert cut.balance is not None
    assert alone.balance is not None
    assert np.allclose(cut.balance.light, alone.balance.light, atol=1e-9)
    slow = [measurement.measure(dark, 0.6 + n / 2, is_cut=False) for n in range(8)]
    exposures = [plan.tone.exposure for plan in slow if plan.tone is not None]
    assert exposures == sorted(exposures)  # it follows, step by step
    assert exposures[-1] == pytest.approx(first[-1].tone.exposure, abs=0.1)


def test_size_sound_and_times(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(number, (80, 48)) for number in range(10)], sound="aac")
    look = {"upscale": "2x", "sharpen": 60, "label": "Edited", "label_size": 14, "label_opacity": 100}
    result = enhance(clip, tmp_path / "large.mkv", start=Fraction("0.2"), **look)
    assert (result.frames, result.size) == (8, (160, 96))
    assert frame_times(tmp_path / "large.mkv") == pytest.approx([n / 10 for n in range(8)], abs=6e-4)
    assert abs(click_time(tmp_path / "large.mkv") - 0.3) < 1.5e-3
    found = decode_rgba(tmp_path / "large.mkv")[0][..., :3].astype(int)
    assert np.abs(found - draw_frame(2 * 2))[:70].mean() < 6
    assert found[75:92, 100:155].min(2).max() > 150  # white letters, on blue


def enhance_in_segments(
    clip: Path, target: Path, name: str, on_progress: Callable[[ClipProgress], None] | None = None
) -> EnhancementResult:
    recipe = build_recipe({"light": "auto", "balance": "auto"}, Recipe((Save(),)))
    options = EnhancementOptions(format=FORMATS[name], recipe=recipe)
    return enhance_clip_in_segments(EnhancementJob(clip, target, options, on_progress=on_progress), segment_frames=4)


def enhance_until_killed(clip: Path, target: Path, name: str) -> None:
    def kill(progress: ClipProgress) -> None:
        if progress.frames >= 8:
            os.kill(os.getpid(), signal.SIGKILL)

    enhance_in_segments(clip, target, name, kill)


@pytest.mark.timeout(180)  # on a busy machine
@pytest.mark.parametrize("name", ["mp4", "png"])
def test_a_killed_run_continues_to_the_same_result(name: str, tmp_path: Path) -> None:
    """The light changes slowly, and a new scene starts behind the kill: what is measured depends on all of it."""
    frames = [room(0.4 + 0.03 * n, n) for n in range(9)] + [255 - room(1.2, n, (1.3, 1, 0.7)) for n in range(6)]
    clip = write_clip(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))
    suffix = "" if name == "png" else ".mp4"
    whole, resumed = tmp_path / f"whole{suffix}", tmp_path / f"resumed{suffix}"
    undisturbed = enhance_in_segments(clip, whole, name)
    assert run_in_new_process(enhance_until_killed, clip, resumed, name) == -signal.SIGKILL
    folder = tmp_path / f".resumed{suffix}{FOLDER_SUFFIX}"
    assert folder.is_dir()
    assert name == "png" or not resumed.exists()
    result = enhance_in_segments(clip, resumed, name)
    assert result.notes[0] == "8 frames had been done before"
    assert (result.frames, result.size, result.scene_cuts) == (15, (160, 96), [0.9])
    assert undisturbed.scene_cuts == [0.9]
    assert not folder.exists()
    if name == "png":
        assert [p.read_bytes() for p in sorted(whole.iterdir())] == [p.read_bytes() for p in sorted(resumed.iterdir())]
        return
    one, other = decode_rgba(whole), decode_rgba(resumed)
    assert len(one) == 15
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert frame_times(resumed) == frame_times(whole)


def test_what_clips_cannot_have(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(0)])
    with pytest.raises(UsageError, match="enhanced as a whole"):
        enhance(clip, tmp_path / "a.mkv", exposure=1, light_only="subject")
    with pytest.raises(UsageError, match="faces are not restored in clips"):
        enhance(clip, tmp_path / "a.mkv", faces=50)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4"]


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interlaced: the lines of two moments in each frame."""
    path = tmp_path_factory.mktemp("tapes") / "tape.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "8", "x264-params": "interlaced=1:tff=1"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(8):
            pixels = draw_frame(4 * number)
            pixels[1::2] = draw_frame(4 * number + 2)[1::2]
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_interlaced_clips_are_said_and_deinterlaced_on_request(tape: Path, tmp_path: Path) -> None:
    def combing(picture: Picture) -> float:
        rows = picture.rgb.astype(int)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    with VideoReader(tape) as reader:
        combed = [combing(frame.picture) for frame in reader.frames()]
        assert reader.info.is_interlaced
        assert "interlaced" in reader.notes()[0]
        assert "deinterlace=True" in reader.notes()[0]
    with VideoReader(tape, deinterlace=True) as reader:
        frames = list(reader.frames())
        assert reader.notes() == ()
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(8)]
    assert np.mean([combing(frame.picture) for frame in frames]) < 0.4 * np.mean(combed)
    with VideoReader(write_clip(tmp_path / "plain.mp4", [draw_frame(0)] * 2)) as reader:
        assert not reader.info.is_interlaced
