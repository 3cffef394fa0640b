"""`mattebox find` lists what `cut --pick` chooses from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.cli import find
from tests.cli.conftest import Run
from tests.io.test_cryptomatte import decode


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A large and a small red block on blue."""
    rgb = np.full((200, 300, 3), (20, 60, 220), np.uint8)
    rgb[40:160, 30:150] = rgb[80:140, 220:280] = (220, 60, 20)
    Image.fromarray(rgb).save(tmp_path / "two.png")
    return tmp_path / "two.png"


def test_subjects_as_json(run: Run, two: Path) -> None:
    told = json.loads(run("find", two, "--json").out)
    assert (told["width"], told["height"], told["found"]) == (300, 200, True)
    large, small = told["subjects"]
    assert large["box"] == pytest.approx([30, 40, 150, 160], abs=3)
    assert small["box"] == pytest.approx([220, 80, 280, 140], abs=3)
    assert large["share"] == pytest.approx(0.24, abs=0.02)
    assert 0.8 < small["score"] <= 1


def test_what_is_listed_can_be_picked(run: Run, two: Path) -> None:
    listed = run("find", two).out.splitlines()
    assert listed[0].endswith("two.png: 2 separate pieces of flat artwork on #143cdc")
    assert len(listed) == 3
    assert run("cut", two, "--pick", "2", "-o", "cut.png").code == 0
    with Image.open(two.parent / "cut.png") as made:
        assert made.getchannel("A").getbbox() == pytest.approx((220, 80, 280, 140), abs=2)


def test_nothing_and_what_is_missing(run: Run, tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "grey").save(tmp_path / "grey.png")
    found = run("find", "grey.png", "--json")
    assert found.code == 0
    assert json.loads(found.out)["subjects"] == []
    missing = run("find", "none.png")
    assert missing.code == 3
    assert "none.png" in missing.error


def test_a_part_that_is_not_there(run: Run, two: Path) -> None:
    refused = run("cut", two, "--pick", "3", "-o", "cut.png")
    assert refused.code == 2
    assert "`mattebox find`" in refused.err


def test_cutting_by_a_screen(run: Run, tmp_path: Path) -> None:
    rgb = np.full((200, 300, 3), (0, 177, 64), np.uint8)
    rgb[40:200, 100:200] = (200, 60, 40)
    Image.fromarray(rgb).save(tmp_path / "studio.png")
    assert run("cut", "studio.png", "--by", "screen", "-o", "cut.png").code == 0
    with Image.open(tmp_path / "cut.png") as made:
        assert made.getchannel("A").getbbox() == (100, 40, 200, 200)


@pytest.mark.parametrize(("recognised", "line"), [(True, "1 subject"), (False, "1 separate piece (each may hold")])
def test_pieces_may_hold_several_subjects(recognised: bool, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"box": (0, 0, 5, 5), "share": 0.2, "score": 0.9}
    find._print_subjects("group.jpg", {"recognised": recognised, "found": True}, [row])
    assert f"group.jpg: {line}" in capsys.readouterr().out


def test_all_subjects_as_cryptomatte(run: Run, two: Path) -> None:
    api = pytest.importorskip("OpenEXR")
    assert run("find", two, "--cryptomatte", "two.exr").code == 0
    file = api.File(str(two.parent / "two.exr"), separate_channels=True)
    planes = {name: channel.pixels for name, channel in file.channels().items()}
    strings = {name: value for name, value in file.header().items() if name.startswith("cryptomatte/")}
    found = decode({name: plane for name, plane in planes.items() if name.startswith("subjects")}, strings)
    assert sorted(found) == ["subject1", "subject2"]
    truth = np.zeros((2, 200, 300))
    truth[0, 40:160, 30:150] = truth[1, 80:140, 220:280] = 1
    for name, expected in zip(("subject1", "subject2"), truth, strict=True):
        assert np.abs(found[name] - expected).mean() < 0.004
    assert planes["R"][100, 100] == pytest.approx(((220 / 255 + 0.055) / 1.055) ** 2.4, abs=1e-3)
    assert "already exists" in run("find", two, "--cryptomatte", "two.exr").error
    assert "written to OpenEXR" in run("find", two, "--cryptomatte", "two.png").error
    assert "one picture" in run("find", two, "none.png", "--cryptomatte", "two.exr").error
