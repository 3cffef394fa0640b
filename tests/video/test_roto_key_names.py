"""Key frames that are named by times: the frame on show then, also at variable rates."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.video.reader import VideoReader
from mattebox.video.roto_key_names import find_key_numbers
from tests.video.clips import draw_frame, write_clip

STAMPS = [0, 3, 4, 10, 12, 13]  # in thirtieths of a second: 30 frames a second, most left out


@pytest.fixture(params=["clip.mp4", "clip.webm"])
def times(request: pytest.FixtureRequest, tmp_path: Path) -> list[Fraction]:
    codec = {"clip.mp4": "libx264", "clip.webm": "libvpx-vp9"}[request.param]
    frames = [draw_frame(number) for number in range(len(STAMPS))]
    times = [stamp * 3000 for stamp in STAMPS]
    path = write_clip(tmp_path / request.param, frames, codec=codec, times=times, time_base=Fraction(1, 90000))
    with VideoReader(path) as reader:
        assert reader.frame_times() == [frame.pts * frame.time_base for frame in reader.frames()]
        return reader.frame_times()


def test_a_time_names_the_frame_on_show(times: list[Fraction]) -> None:
    assert [float(time) for time in times] == pytest.approx([stamp / 30 for stamp in STAMPS], abs=6e-4)
    names = {f"{stamp / 30:.4f}s": number for number, stamp in enumerate(STAMPS)}  # as browsers tell them
    assert find_key_numbers(names, lambda: times) == names
    assert find_key_numbers(["0.3s", "0:00.05", "0.9s"], lambda: times) == {"0.3s": 2, "0:00.05": 0, "0.9s": 5}
    assert find_key_numbers(["4", "0"], pytest.fail) == {"4": 4, "0": 0}


def test_keys_of_no_frame_or_of_the_same_are_refused() -> None:
    times = [Fraction(n, 10) for n in range(5)]
    for names, problem in ((["2s"], "behind the last frame"), (["0.32s", "3"], "two keys belong to frame 3")):
        with pytest.raises(UsageError, match=problem):
            find_key_numbers(names, lambda: times)
