from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import OutputExists, UsageError
from mattebox.recipe.steps import Background
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_result import ClipProgress, ClipResult
from mattebox.video.coherence import CoherenceName
from mattebox.video.formats import FORMATS
from mattebox.video.reader import VideoReader
from mattebox.video.segment_folder import FOLDER_SUFFIX
from mattebox.video.segments import cut_clip_in_segments
from tests.fakes import fake_session
from tests.video.clips import (
    click_time,
    decode_rgba,
    disc_alpha,
    draw_frame,
    frame_times,
    run_in_new_process,
    write_clip,
)

COUNT, SEGMENT_FRAMES = 14, 6
TIMES = [3600 * n + (n % 3) * 300 for n in range(COUNT)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen frames at uneven times, three of them alike, with sound."""
    frames = [draw_frame(number if not 9 <= number <= 12 else 9) for number in range(COUNT)]
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return write_clip(path, frames, times=TIMES, sound="aac", timecode="01:00:00:00", rate=25)


def clip_options(name: str, coherence: CoherenceName) -> ClipOptions:
    background = Background(paint="#00b140") if name == "mp4" else None
    return ClipOptions(format=FORMATS[name], coherence=coherence, background=background)


def cut_until_killed(clip: Path, target: Path, name: str, coherence: CoherenceName, frames: int) -> None:
    """Cut a clip in segments, killed when so many frames are done."""

    def kill(progress: ClipProgress) -> None:
        if progress.frames >= frames:
            os.kill(os.getpid(), signal.SIGKILL)

    job = ClipJob(clip, target, clip_options(name, coherence), session=fake_session(), on_progress=kill)
    cut_clip_in_segments(job, segment_frames=SEGMENT_FRAMES)


@pytest.mark.timeout(180)  # on a busy machine
@pytest.mark.parametrize(
    ("name", "coherence", "frames"), [("webm", "motion", 6), ("prores", "keys", 12), ("mp4", "keys", 6)]
)
def test_a_killed_run_continues_to_the_same_result(
    name: str, coherence: CoherenceName, frames: int, clip: Path, tmp_path: Path
) -> None:
    suffix, options = FORMATS[name].suffix, clip_options(name, coherence)
    whole, resumed = tmp_path / f"whole{suffix}", tmp_path / f"resumed{suffix}"
    cut_clip_in_segments(ClipJob(clip, whole, options, session=fake_session()), segment_frames=SEGMENT_FRAMES)

    killed = (clip, resumed, name, coherence, frames)
    assert run_in_new_process(cut_until_killed, *killed) == -signal.SIGKILL
    folder = tmp_path / f".resumed{suffix}{FOLDER_SUFFIX}"
    assert folder.is_dir()
    assert not resumed.exists()
    result = cut_clip_in_segments(
        ClipJob(clip, resumed, options, session=fake_session(), report=tmp_path / "rows.jsonl"),
        segment_frames=SEGMENT_FRAMES,
    )
    assert result.frames == COUNT
    assert result.notes[0] == f"{frames} frames had been done before"
    assert not folder.exists()
    one, other = decode_rgba(whole), decode_rgba(resumed)
    assert len(one) == COUNT
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a, b)
    if options.is_transparent:
        assert np.abs(one[3][..., 3] / 255 - disc_alpha(3)).mean() < 0.01
    tolerance = 5.1e-4 if suffix == ".webm" else 1e-6
    assert frame_times(resumed) == pytest.approx([t / 90000 for t in TIMES], abs=tolerance)
    assert abs(click_time(resumed) - click_time(clip)) < 1e-3
    with VideoReader(resumed) as reader:
        assert reader.info.timecode == "01:00:00:00"
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(COUNT))


class Killed(Exception):
    """Ends a run."""


def test_pictures_continue_behind_the_last_finished_segment(clip: Path, tmp_path: Path) -> None:
    def run(name: str, on_progress: Callable[[ClipProgress], None] | None = None) -> ClipResult:
        job = ClipJob(
            clip, tmp_path / name / "shot.####.png", ClipOptions(format=FORMATS["png"]), session=fake_session(),
            on_progress=on_progress, report=tmp_path / f"{name}.jsonl",
        )  # fmt: skip
        (tmp_path / name).mkdir(exist_ok=True)
        return cut_clip_in_segments(job, segment_frames=SEGMENT_FRAMES)

    def kill(progress: ClipProgress) -> None:
        if progress.frames >= 12:
            raise Killed

    whole = run("whole")
    with pytest.raises(Killed):
        run("resumed", kill)
    written = sorted((tmp_path / "resumed").rglob("*.png"))
    assert 12 <= len(written) < COUNT
    if len(written) > 12:
        written[-1].write_bytes(b"half")  # of the segment that is done again
    kept = written[0].stat().st_mtime_ns
    resumed = run("resumed")
    assert (resumed.frames, whole.frames) == (COUNT, COUNT)
    assert resumed.notes[0] == "12 frames had been done before"
    one, other = (sorted((tmp_path / name).rglob("*.png")) for name in ("whole", "resumed"))
    assert [path.name for path in one] == [path.name for path in other]
    assert written[0].stat().st_mtime_ns == kept
    for a, b in zip(one[12:], other[12:], strict=True):
        assert a.read_bytes() == b.read_bytes()
    assert not list(tmp_path.rglob(f"*{FOLDER_SUFFIX}"))
    assert (tmp_path / "whole.jsonl").read_text() == (tmp_path / "resumed.jsonl").read_text()


def test_pictures_of_others_are_never_overwritten(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    mine = tmp_path / "frames" / "000003.png"
    mine.write_bytes(b"mine")
    for _ in range(2):
        with pytest.raises(OutputExists):
            cut_clip_in_segments(
                ClipJob(
                    clip,
                    tmp_path / "frames",
                    ClipOptions(format=FORMATS["png"], overwrite=False),
                    session=fake_session(),
                )
            )
    assert mine.read_bytes() == b"mine"


def test_other_parameters_begin_anew_and_cryptomatte_cannot_resume(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "cut.mov"
    folder = tmp_path / f".cut.mov{FOLDER_SUFFIX}"
    folder.mkdir()
    (folder / "job.txt").write_text("another job")
    (folder / "000000.json").write_text("{}")
    result = cut_clip_in_segments(
        ClipJob(clip, target, ClipOptions(format=FORMATS["prores"], every=7), session=fake_session())
    )
    assert result.frames == COUNT / 7
    assert not folder.exists()
    options = ClipOptions(format=FORMATS["exr"], cryptomatte=True)
    with pytest.raises(UsageError, match="Cryptomatte.*leave out"):
        cut_clip_in_segments(ClipJob(clip, tmp_path / "frames", options, session=fake_session()))
