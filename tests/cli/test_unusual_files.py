"""Names, links, pipes and permissions that are unusual: one bad picture is reported, and the others are done."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs links and named pipes")


def test_a_long_name_and_a_lost_link_do_not_stop_the_rest(run: Run, photo: Path) -> None:
    Path("in").mkdir()
    Path("in/ok.jpg").write_bytes(photo.read_bytes())
    Path("in", "x" * 248 + ".jpg").write_bytes(photo.read_bytes())
    Path("in/sku1.jpg").symlink_to("ok.jpg")
    Path("in/lost.jpg").symlink_to("nowhere.jpg")
    ran = run("cut", "in")
    assert ran.code == 1  # a target that cannot be written, and an input that is missing
    assert "choose a shorter name" in ran.err
    assert "lost.jpg: is a link to a file that does not exist" in ran.err
    assert sorted(p.name for p in Path("in").glob("*-cut.png")) == ["ok-cut.png", "sku1-cut.png"]


def test_a_name_that_is_no_text_appears_on_every_page(run: Run, photo: Path) -> None:
    Path("in").mkdir()
    name = os.fsdecode(b"in/\xff.jpg")
    Path(name).write_bytes(photo.read_bytes())
    Path("in/ok.jpg").write_bytes(photo.read_bytes())
    Path("in/bad.jpg").write_bytes(b"no picture")
    files = (
        "--report",
        "r.jsonl",
        "--sheet",
        "s.html",
        "--compare",
        "c.html",
        "--review",
        "look",
        "--review-under",
        "1",
    )
    assert run("cut", "in", "-o", "out", "--json", *files).code == 3
    assert len(list(Path("out").iterdir())) == 2
    assert [json.loads(line)["verdict"] for line in Path("r.jsonl").read_text().splitlines()].count("failed") == 1
    assert Path("s.html").read_text().count("<figure") == 3
    assert Path("c.html").read_text().count("<figure") == 2


def test_a_long_name_is_upscaled_with_a_report(run: Run, photo: Path) -> None:
    name = "é" * 125 + ".jpg"  # 254 bytes
    Path(name).write_bytes(photo.read_bytes())
    assert run("upscale", name, "--to", "200px", "-o", "out/", "--format", "jpeg", "--report", "r.jsonl").code == 0
    assert [p.name for p in Path("out").iterdir()] == [name]


def test_a_long_name_is_linked_for_review(run: Run, photo: Path) -> None:
    name = "x" * 251 + ".png"
    assert run("cut", photo, "-o", name, "--review", "look", "--review-under", "1").code == 0
    (link,) = Path("look").iterdir()
    assert link.resolve() == Path(name).resolve()


def test_a_picture_that_cannot_be_compared_does_not_stop_the_rest(run: Run, photo: Path) -> None:
    Path("in").mkdir()
    for n in (1, 2):
        Path(f"in/{n}.jpg").write_bytes(photo.read_bytes())
    Path("look").write_bytes(b"a file, not a folder")
    ran = run("cut", "in", "-o", "out", "--review", "look", "--review-under", "1")
    assert ran.code == 5
    assert ran.err.count("look: is not a folder") == 2
    assert len(list(Path("out").iterdir())) == 2


@pytest.mark.parametrize("name", ["pipe.png", "pipe"])
def test_a_named_pipe_is_an_output(run: Run, photo: Path, name: str) -> None:
    os.mkfifo(name)
    parts: list[bytes] = []
    reader = threading.Thread(target=lambda: parts.append(Path(name).read_bytes()))
    reader.start()
    assert run("cut", photo, "-o", name).code == 0
    reader.join(20)
    assert parts[0].startswith(b"\x89PNG")
    assert Path(name).is_fifo()


def test_a_device_is_an_output(run: Run, photo: Path) -> None:
    assert run("cut", photo, "-o", "/dev/null", "--report", "/dev/null", "--sheet", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_file_is_no_folder_for_results(run: Run, photo: Path) -> None:
    Path("out").write_bytes(b"old")
    ran = run("cut", photo, "-o", "out", "--overwrite")
    assert ran.code == 5
    assert "out/photo.png: cannot be written (not a directory)" in ran.error
    assert "choose a folder" in ran.error
    assert Path("out").read_bytes() == b"old"


def test_a_private_result_stays_private(run: Run, photo: Path) -> None:
    assert run("cut", photo, "-o", "p.png").code == 0
    os.chmod("p.png", 0o600)
    assert run("cut", photo, "-o", "p.png", "--overwrite").code == 0
    assert Path("p.png").stat().st_mode & 0o777 == 0o600


def test_a_manifest_of_a_spreadsheet(run: Run, photo: Path) -> None:
    Path("m.csv").write_text("input;output\r\nphoto.jpg;x.png\r\nphoto.jpg;../y.png\r\n")
    ran = run("cut", "--manifest", "m.csv", "-o", "out")
    assert ran.code == 2
    assert "m.csv, line 3: the output '../y.png' leads out of the folder out" in ran.error
    assert Path("out/x.png").exists()
    assert not Path("y.png").exists()


def test_settings_in_columns_of_a_manifest_are_said_not_to_count(run: Run, photo: Path) -> None:
    Path("m.csv").write_text("input,output,background,price\nphoto.jpg,x.png,white,12\n")
    ran = run("cut", "--manifest", "m.csv")
    assert ran.code == 0
    assert "m.csv: not read: background; a column --background would hold for each row" in ran.error


def test_a_report_is_no_workbook(run: Run, photo: Path) -> None:
    ran = run("cut", photo, "-o", "out/", "--report", "r.XLSX")
    assert ran.code == 2
    assert "r.XLSX: a report grows line by line; name it r.csv, or r.jsonl" in ran.error
    assert not Path("r.XLSX").exists()
    assert not Path("out").exists()


def test_results_of_a_watch_need_a_folder_of_their_own(run: Run, photo: Path) -> None:
    for output in (".", "./", ".."):
        ran = run("cut", ".", "-o", output, "--watch")
        assert ran.code == 2
        assert "a folder of their own" in ran.error
