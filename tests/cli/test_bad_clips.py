"""Bad input, one by one, from the command line: one line with the remedy, and nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from mattebox.models import matte_session
from mattebox.video import clip_job, formats
from tests.cli.conftest import Run
from tests.fakes import fake_session
from tests.video.clips import click_sound, decode_rgba, draw_frame, frame_times, mux_sound, write_clip

FRAMES = [draw_frame(number) for number in range(10)]


@pytest.fixture(autouse=True)
def _fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (matte_session, clip_job):
        monkeypatch.setattr(module, "open_session", lambda *_: fake_session())


def leftovers(folder: Path) -> list[str]:
    return sorted(
        path.name for path in folder.iterdir() if "part" in path.name or path.name.startswith(("out", ".out"))
    )


def zero_packets(path: Path, wanted: slice) -> Path:
    """The clip with the bytes of some packets set to zero."""
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size][wanted]
    for start, size in places:
        content[start : start + size] = bytes(size)
    path.write_bytes(content)
    return path


def write_sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        mux_sound(container, container.add_stream("aac", rate=48000, layout="stereo"), click_sound(0.2))


def test_files_that_are_no_clips(run: Run, tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", FRAMES).read_bytes()
    (tmp_path / "cut-off.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("hello\n" * 50)
    write_sound(tmp_path / "sound.m4a")
    zero_packets(write_clip(tmp_path / "zeros.mp4", FRAMES), slice(None))
    expected = {
        "cut-off.mp4": "is cut off, and its index (at the end of an MP4 or MOV) is missing; copy or export",
        "empty.mp4": "is empty (0 bytes); copy or export the clip again",
        "text.mp4": "is not a video, or of an unsupported kind; export it as MP4",
        "sound.m4a": "has no video stream, only sound; give a clip with a picture",
        "zeros.mp4": "none of its frames can be decoded; export the clip again",
        "nowhere.mp4": "there is no such file; check the path",
        "..": "there is no clip in this folder; clips end in",
    }
    (tmp_path / "folder").mkdir()
    for name, text in expected.items():
        ran = run("video", "cut", name if name != ".." else "folder", "-o", "out.mov")
        assert ran.code == 3, name
        assert text in ran.error, name
        assert len(ran.err.splitlines()) == 1
        assert leftovers(tmp_path) == []


def test_clips_with_faults_are_cut_as_far_as_they_go(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (48, 80, 3), np.uint8) for _ in range(12)]
    content = write_clip(tmp_path / "whole.mkv", noise).read_bytes()
    (tmp_path / "half.mkv").write_bytes(content[: len(content) // 2])
    ran = run("video", "cut", "half.mkv", "-o", "out.mov")
    assert (ran.code, "the file is cut off" in ran.err) == (0, True)
    zero_packets(write_clip(tmp_path / "damaged.mp4", FRAMES), slice(7, 8))
    ran = run("video", "cut", "damaged.mp4", "-o", "out.mov", "--overwrite")
    assert (ran.code, ran.err.strip()) == (0, "note: damaged.mp4: 1 damaged frame left out, at 0:00.700")
    assert frame_times(tmp_path / "out.mov") == pytest.approx([n / 10 for n in range(10) if n != 7], abs=1e-5)


def test_sound_that_is_longer_than_the_picture(run: Run, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "long.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        track = container.add_stream("aac", rate=48000, layout="stereo")
        mux_sound(container, track, click_sound(3.0))
        for number, pixels in enumerate(FRAMES):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert run("video", "cut", "long.mp4", "-o", "out.mov").code == 0
    assert len(frame_times(tmp_path / "out.mov")) == 10
    for name in ("long.mp4", "out.mov"):
        with av.open(str(tmp_path / name)) as container:
            sound = container.streams.audio[0]
            assert float(sound.duration * sound.time_base) == pytest.approx(3.0, abs=0.05)


def test_five_hours_and_large_frames(run: Run, tmp_path: Path) -> None:
    write_clip(tmp_path / "long.mp4", FRAMES, times=[n * 2000 * 90000 for n in range(10)])
    ran = run("video", "cut", "long.mp4", "-o", "out.mov", "--from", "4:59:00")
    assert (ran.code, len(frame_times(tmp_path / "out.mov"))) == (0, 1)
    huge = np.zeros((1080, 1920, 3), np.uint8)
    huge[300:800, 500:1400] = (220, 60, 30)
    write_clip(tmp_path / "large.mp4", [huge] * 2)
    ran = run("video", "cut", "large.mp4", "-o", "out.mov", "--overwrite")
    assert ran.code == 0
    assert decode_rgba(tmp_path / "out.mov")[0].shape == (1080, 1920, 4)


def test_frames_beyond_the_limit(tmp_path: Path) -> None:
    from mattebox.errors import InputTooLarge
    from mattebox.video.reader import VideoReader

    clip = write_clip(tmp_path / "clip.mp4", FRAMES[:1])
    with pytest.raises(InputTooLarge, match="has frames of 160 x 96 pixels.*export it smaller"):
        VideoReader(clip, max_pixels=10_000)


def test_formats_that_are_not_built_in(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "a.mp4", FRAMES[:2])

    def refuse(*_: object) -> None:
        raise av.error.EncoderNotFoundError(1, "no encoder")

    monkeypatch.setattr(formats.av, "Codec", refuse)
    ran = run("video", "cut", "a.mp4", "-o", "out.webm")
    assert ran.code == 5
    assert "the installed PyAV was built without libvpx-vp9, which webm needs; choose --format" in ran.error
    assert leftovers(tmp_path) == []


FULL_DISK_RUNS = (
    (["a.mp4", "-o", "out.mov"], 20_000), (["a.mp4", "-o", "out.mov", "--resume"], 40_000),
    (["a.mp4", "-o", "out/%03d.exr"], 3_000),
)  # fmt: skip


LIMITED_RUN = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from mattebox.cli.main import main
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", FRAMES)
    lines = []
    for words, limit in FULL_DISK_RUNS:
        command = [sys.executable, "-c", LIMITED_RUN, str(limit), "video", "cut", *words]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
        assert ran.returncode == 5, ran.stderr
        lines += ran.stderr.strip().splitlines()
    assert len(lines) == 3
    assert "out.mov: cannot be written (file too large); nothing was changed; free some space" in lines[0]
    assert all("cannot be written" in line for line in lines)
    assert not (tmp_path / "out.mov").exists()
    assert list(tmp_path.rglob("*part*")) == []
    assert list(tmp_path.rglob("*.exr")) == []
