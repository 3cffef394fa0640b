"""`mattebox info`: what files hold beside their picture, in words and as JSON; nothing is written."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.io.file_summary import summarise_file
from tests.cli.conftest import run_main
from tests.io.test_dynamic_depth import dynamic_depth_jpeg
from tests.io.test_stereo_pair import mpo

Run = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(run_main, capsys)


def test_a_phone_s_photograph(run: Run) -> None:
    exif = Image.Exif()
    exif[0x10F], exif[0x112] = "Maker", 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8769)[0xA431] = "serial"
    Image.new("RGB", (40, 30)).save("phone.jpg", exif=exif)
    code, said = run("info", "phone.jpg")
    assert code == 0
    assert said.startswith("phone.jpg: JPEG, 30 x 40, 8 bits\n")
    assert "orientation    6 (results are upright)" in said
    assert "metadata kept  camera\n" in said
    assert "and dropped    position, serial number\n" in said


def test_depth_views_and_clips(run: Run) -> None:
    Path("depth.jpg").write_bytes(dynamic_depth_jpeg() + b"")
    Path("pair.mpo").write_bytes(mpo())
    Path("motion.jpg").write_bytes(mpo(0) + bytes(1000) + b"\0\0\0\x18ftypmp42" + bytes(2_000_000))
    code, said = run("info", "depth.jpg", "pair.mpo", "motion.jpg", "--json")
    assert code == 0
    depth, pair, motion = (json.loads(line) for line in said.splitlines())
    assert depth["depth"]["unit"] == "1/m"
    assert depth["depth"]["inverse_depth_near"] == pytest.approx(2, rel=0.02)
    assert (pair["is_stereo_pair"], pair["depth"], pair["video_bytes"]) == (True, None, 0)
    assert (motion["is_stereo_pair"], motion["video_bytes"]) == (False, 2_000_012)
    assert "0.50 to 8.00 m; portrait and depth use it" in run("info", "depth.jpg")[1]
    assert sorted(path.name for path in Path().iterdir()) == ["depth.jpg", "motion.jpg", "pair.mpo"]


def test_mattes_and_profiles() -> None:
    Image.fromarray(np.zeros((8, 9), np.uint16)).save("grey.png")
    marks = b"urn:com:apple:photo:2018:aux:portraiteffectsmatte urn:com:apple:photo:2020:aux:hdrgainmap"
    summary = summarise_file(Path("grey.png").read_bytes() + marks, "grey.png")
    assert (summary.bits_per_channel, summary.profile) == (16, "sRGB (assumed)")
    assert summary.mattes == ("portrait matte",)


def test_what_is_no_picture_is_said_in_one_line(run: Run) -> None:
    Path("text.jpg").write_text("no picture")
    code, said = run("info", "text.jpg", "none.jpg")
    assert code != 0
    assert len(said.strip().splitlines()) == 2
