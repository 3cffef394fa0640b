"""A second run leaves out the results of the first, and never overwrites what may be a photograph."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run


@pytest.fixture
def folder(photo: Path) -> Path:
    """A folder with two photographs."""
    path = photo.parent / "in"
    path.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (path / name).write_bytes(photo.read_bytes())
    return path


def files(folder: str | Path = "in") -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())


COMMANDS = {
    "beside": ("cut", "in"),
    "shell pattern": ("cut", "in/*"),
    "same folder": ("cut", "in", "-o", "in"),
    "folder below": ("cut", "in", "-o", "in/out", "--recursive"),
    "template": ("cut", "in", "--name", "{stem}_web-{index}"),
    "jpeg": ("cut", "in", "--background", "white", "--format", "jpg"),
    "webp": ("cut", "in", "-o", "in", "--format", "webp"),
    "avif": ("cut", "in", "-o", "in", "--format", "avif"),
    "tiff": ("cut", "in", "-o", "in", "--format", "tiff"),
    "enhanced": ("enhance", "in", "--shadows", "10"),
    "upscaled": ("upscale", "in", "--to", "200px"),
    "no metadata": ("cut", "in", "--metadata", "none"),
    "bmp": ("cut", "in", "--background", "white", "--format", "bmp"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_new_comes_of_a_second_run(run: Run, folder: Path, name: str) -> None:
    assert run(*COMMANDS[name]).code == 0
    first = files()
    assert len(first) == 4
    assert run(*COMMANDS[name]).code == 5  # they exist already
    assert files() == first


@pytest.mark.parametrize("name", ["beside", "same folder", "folder below", "template"])
def test_results_are_replaced_with_overwrite(run: Run, folder: Path, name: str) -> None:
    assert run(*COMMANDS[name]).code == 0
    first = files()
    ran = run(*COMMANDS[name], "--overwrite")
    assert (ran.code, files()) == (0, first)
    assert ran.error.startswith("mattebox: left out 2 results of an earlier run: in/")


def test_results_of_another_run_are_left_out(run: Run, folder: Path) -> None:
    assert run("cut", "in").code == 0
    assert run("enhance", "in", "--shadows", "10", "-o", "out").code == 0
    assert files("out") == ["a.jpg", "b.jpg"]
    assert run("cut", "in", "-o", "in", "--format", "webp").code == 0
    assert run("cut", "in", "-o", "other").code == 0
    assert files("other") == ["a.png", "b.png"]


def test_photographs_of_one_name_have_results_that_are_recognised(run: Run, folder: Path) -> None:
    Image.open("in/a.jpg").save("in/a.webp", lossless=True)
    for words in (("cut", "in"), ("cut", "in", "-o", "in")):
        assert run(*words).code == 0
        first = files()
        assert run(*words).code == 5
        assert files() == first


def test_results_without_their_photographs_are_pictures(run: Run, folder: Path) -> None:
    assert run("cut", "in", "-o", "cutouts").code == 0
    assert run("enhance", "cutouts", "--shadows", "10", "-o", "final").code == 0
    assert files("final") == ["a.png", "b.png"]
    assert run("cut", "in").code == 0
    assert run("enhance", "in/a-cut.png", "--shadows", "10").code == 0
    assert "a-cut-enhanced.png" in files()


def test_a_photograph_whose_name_looks_like_a_result_is_never_overwritten(run: Run, folder: Path) -> None:
    Image.open("in/b.jpg").save("in/a-cut.png")
    before = Path("in/a-cut.png").read_bytes()
    ran = run("cut", "in", "--overwrite")
    assert ran.code == 5
    assert "in/a-cut.png: already exists, and does not say that mattebox wrote it; move it away" in ran.err
    assert Path("in/a-cut.png").read_bytes() == before
    assert files() == ["a-cut.png", "a.jpg", "b-cut.png", "b.jpg"]


def test_photographs_of_one_stem_are_all_done(run: Run, folder: Path) -> None:
    Image.open("in/b.jpg").save("in/a.png")
    Image.open("in/b.jpg").save("in/a-cut.jpg")
    assert run("cut", "in", "-o", "out").code == 0
    assert files("out") == ["a-cut.png", "a.jpg.png", "a.png.png", "b.png"]


def test_a_report_tells_results_without_a_mark(run: Run, folder: Path) -> None:
    words = ("cut", "in", "-o", "in", "--metadata", "none", "--report", "r.jsonl", "--resume")
    assert run(*words).code == 0
    first = files()
    ran = run(*words)
    assert (ran.code, files()) == (0, first)
    assert "left out 2 results" in ran.err
    os.replace("in/b.jpg", "in/a.png")  # a photograph that has taken the name of a result
    assert "in/a.png" not in run(*words).err.splitlines()[0]


def test_label_maps_are_left_out(run: Run, folder: Path) -> None:
    words = ("find", "in", "--map", "in")
    assert run(*words).code == 0
    first = files()
    assert run(*words, "--overwrite").code == 0
    assert files() == first
