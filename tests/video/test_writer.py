"""What is written comes back: alpha by each format's own convention, by another reader, and subtitles."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mattebox.types import Picture
from mattebox.video.clip_cutting import cut_clip
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.formats import FORMATS
from mattebox.video.reader import VideoReader
from mattebox.video.writer import VideoWriter
from tests.fakes import fake_session, hairy
from tests.video.clips import SIZE, decode_rgba, draw_frame, write_clip

SUBTITLES = "1\n00:00:00,100 --> 00:00:00,400\nA red disc\n\n2\n00:00:00,500 --> 00:00:00,900\nIt moves\n"


@pytest.mark.parametrize(("name", "most"), [("ffv1", 0), ("qtrle", 0), ("prores", 1), ("webm", 8)])
def test_alpha_comes_back(name: str, most: int, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(0)])
    hair = np.round(255 * hairy(SIZE[::-1])).astype(np.uint8)
    alphas = [np.roll(hair, 2 * number, axis=1) for number in range(4)]
    with (
        VideoReader(clip) as reader,
        VideoWriter(tmp_path / "out", FORMATS[name], reader.info, transparent=True) as writer,
    ):
        for number, alpha in enumerate(alphas):
            writer.write(Picture(draw_frame(number), alpha), number * 9000)
    found = decode_rgba(tmp_path / "out")
    assert len(found) == len(alphas)
    for frame, alpha in zip(found, alphas, strict=True):
        assert np.abs(frame[..., 3].astype(int) - alpha).max() <= most


def read_subtitles(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts * p.time_base, bytes(p)) for p in container.demux(subtitles=0) if p.size]


def test_subtitles_are_copied_or_named(tmp_path: Path) -> None:
    write_clip(tmp_path / "plain.mp4", [draw_frame(number) for number in range(10)])
    (tmp_path / "words.srt").write_text(SUBTITLES)
    with (
        av.open(str(tmp_path / "plain.mp4")) as picture,
        av.open(str(tmp_path / "words.srt")) as words,
        av.open(str(tmp_path / "clip.mkv"), "w") as container,
    ):
        streams = [container.add_stream_from_template(part.streams[0]) for part in (picture, words)]
        for part, stream in zip((picture, words), streams, strict=True):
            for packet in part.demux():
                if packet.size:
                    packet.stream = stream
                    container.mux(packet)
    notes = {}
    for name in ("cut.mkv", "cut.mov"):
        options = ClipOptions(format=FORMATS["ffv1" if name == "cut.mkv" else "prores"])
        notes[name] = cut_clip(ClipJob(tmp_path / "clip.mkv", tmp_path / name, options, session=fake_session())).notes
    kept = read_subtitles(tmp_path / "cut.mkv")
    assert kept == read_subtitles(tmp_path / "clip.mkv")
    assert [text for _, text in kept] == [b"A red disc", b"It moves"]
    assert not notes["cut.mkv"]
    assert any("subtitle" in note for note in notes["cut.mov"])
