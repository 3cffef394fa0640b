"""`mattebox video parallax`: a clip of a photograph, its size and length; bad input."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

av = pytest.importorskip("av")

from mattebox.cli import main  # noqa: E402


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main.main(words)
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(skimage.data.astronaut()[:201, 100:301]).save("her.png")


def test_a_clip_that_moves(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("video", "parallax", "her.png", "--seconds", "0.4", "--rate", "10", "--amount", "5", "--model", "fast")
    assert run(capsys, *words) == (0, "her.png -> her-parallax.mp4  (200 x 200, 4 frames)\n")
    with av.open("her-parallax.mp4") as clip:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in clip.decode(video=0)]
        assert clip.streams.video[0].average_rate == 10
    assert len(frames) == 4
    assert np.abs(frames[1] - frames[3]).mean() > 5
    code, said = run(capsys, *words)
    assert code != 0
    assert "already exists" in said


@pytest.mark.parametrize(
    ("words", "said"), [(["none.png"], "no such file"), (["her.png", "-o", "clip.gif"], "clip.gif")]
)
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    code, text = run(capsys, "video", "parallax", "--model", "fast", *words)
    assert code != 0
    assert said in text
    assert len(text.strip().splitlines()) == 1
