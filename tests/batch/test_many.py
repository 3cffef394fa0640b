"""Batches on the command line: report, resume, review, contact sheet, watch folder."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.batch.watch_folder import iterate_stable_files
from mattebox.io.input_items import expand_inputs
from tests.batch.test_kill import CHILD
from tests.cli.conftest import Run, save
from tests.cli.conftest import run as run
from tests.fakes import composite, disc


def photos(folder: Path, count: int = 5) -> Path:
    for n in range(count):
        save(composite(disc((100 + n, 140), 2), (220, 60, 20), (20, 60, 220)), folder / f"{n}.jpg")
    return folder


def rows(path: str) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_the_report_says_it_all_and_resume_does_the_rest(run: Run) -> None:
    photos(Path("in"))
    Path("in/bad.jpg").write_bytes(b"no picture")
    words = ("cut", "in", "-o", "out/", "--report", "r.jsonl")
    assert run(*words).code == 3
    told = rows("r.jsonl")
    assert [r["verdict"] for r in told] == ["ok"] * 5 + ["failed"]
    assert told[5]["error"]["class"] == "UnknownFormat"
    assert {"input_sha256", "output_sha256", "recipe", "model_sha256", "confidence", "box", "seconds"} <= set(told[0])
    before = {p: p.stat().st_mtime_ns for p in Path("out").iterdir()}
    Path("in/bad.jpg").write_bytes(Path("in/0.jpg").read_bytes())
    Path("out/3.png").write_bytes(b"damaged")
    ran = run(*words, "--resume")
    assert (ran.code, ran.err) == (0, "mattebox: 4 had been done before\n")
    assert [r["input"] for r in rows("r.jsonl")[6:]] == [os.path.join("in", "3.jpg"), os.path.join("in", "bad.jpg")]
    changed = {p for p in before if p.stat().st_mtime_ns != before[p]}
    assert changed == {Path("out/3.png")}


def test_another_recipe_is_done_anew(run: Run) -> None:
    photos(Path("in"), 2)
    words = ("cut", "in", "-o", "out/", "--report", "r.jsonl", "--resume")
    assert run(*words).code == 0
    assert run(*words, "--background", "white").code == 0
    assert len(rows("r.jsonl")) == 4


def test_a_torn_line_is_passed_over(run: Run) -> None:
    photos(Path("in"), 2)
    words = ("cut", "in", "-o", "out/", "--report", "r.jsonl", "--resume")
    assert run(*words).code == 0
    lines = Path("r.jsonl").read_text()
    Path("r.jsonl").write_text(lines[:-40])
    assert run(*words).code == 0
    whole = [line for line in Path("r.jsonl").read_text().splitlines() if line.endswith("}")]
    assert len(whole) == 2


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--resume",), 2, "give --report"),
        (("--report", "old.jsonl"), 5, "--resume"),
        (("--manifest", "list.csv"), 2, "choose one"),
        (("--watch",), 2, "IN/ -o OUT/"),
        (("--jobs", "0"), 2, "x>=1"),
    ],
)
def test_one_line_with_the_remedy(run: Run, words: tuple[str, ...], code: int, told: str) -> None:
    photos(Path("in"), 1)
    Path("old.jsonl").write_text("")
    ran = run("cut", "in", *words)
    assert ran.code == code
    assert told in ran.error


def test_doubtful_results_are_linked_and_the_sheet_shows_all(run: Run) -> None:
    photos(Path("in"), 3)
    Path("in/bad.jpg").write_bytes(b"<script>alert(1)</script>")
    ran = run("cut", "in", "-o", "out/", "--review", "look", "--review-under", "1", "--sheet", "s.html")
    assert ran.code == 3
    links = sorted(Path("look").iterdir())
    assert len(links) == 3
    with Image.open(links[0]) as linked:
        assert linked.mode == "RGBA"
    page = Path("s.html").read_text()
    assert page.count("<figure") == 4
    assert page.count("data:image/webp") == 3
    assert "<script" not in page
    assert page.index("bad.jpg") < page.index("0.jpg")
    assert "http" not in page


def test_what_has_no_clear_subject_is_put_aside_for_review(run: Run) -> None:
    photos(Path("in"), 1)
    wall = Image.new("RGB", (80, 60), (90, 90, 90))
    wall.paste((136, 90, 90), (20, 15, 60, 45))  # for the fake network a third of a subject
    wall.save("in/veil.png")
    words = ("--report", "r.jsonl", "--review", "look", "--review-under", "0", "--sheet", "s.html")
    assert run("cut", "in", "-o", "out/", "--by", "network", *words).code == 0
    clear, doubtful = rows("r.jsonl")
    assert (clear["verdict"], "notes" in clear) == ("ok", False)
    assert (doubtful["verdict"], doubtful["found"], len(doubtful["notes"])) == ("doubtful", False, 1)
    assert [link.name for link in Path("look").iterdir()] == ["0.09-veil.png"]
    assert Path("s.html").read_text().count("please check it") == 1


def test_a_sheet_of_a_batch_that_went_on_shows_what_was_done_before(run: Run) -> None:
    photos(Path("in"), 2)
    assert run("cut", "in", "-o", "out/", "--report", "r.csv").code == 0
    photos(Path("in"), 3)
    ran = run("cut", "in", "-o", "out/", "--report", "r.csv", "--resume", "--sheet", "s.html")
    assert ran.code == 0
    page = Path("s.html").read_text()
    assert page.count("data:image/webp") == 3
    assert page.count("done before") == 2
    assert "3 photographs, 0 failed" in page


def test_several_at_a_time_make_the_same_bytes(run: Run) -> None:
    photos(Path("in"), 6)
    for n in ("1", "4"):
        assert (
            run("cut", "in", "-o", f"out{n}/", "--jobs", n, "--shadow", "contact", "--background", "studio").code == 0
        )
    for path in Path("out1").iterdir():
        assert path.read_bytes() == (Path("out4") / path.name).read_bytes()


def test_failures_are_counted_after_long_work(run: Run) -> None:
    photos(Path("in"), 22)
    Path("in/a.jpg").write_bytes(b"no")
    ran = run("cut", "in", "-o", "out/", "--edges", "none", "--colours", "source")
    lines = ran.err.splitlines()
    assert [os.path.join("in", "a.jpg") in line for line in lines].count(True) == 1
    assert lines[-1] == "mattebox: 1 of 23 failed"


def test_failures_are_told_again_after_many_lines(run: Run) -> None:
    photos(Path("in"), 8)
    Path("in/0.jpg").write_bytes(b"no")
    ran = run("upscale", "in", "-o", "out/", "--to", "50px")  # each of the others says that it is not enlarged
    lines = ran.err.splitlines()
    assert lines[-2] == "mattebox: 1 of 8 failed:"
    assert os.path.join("in", "0.jpg") in lines[-1]


def test_a_second_run_says_each_failure_once_and_how_to_continue(run: Run) -> None:
    photos(Path("in"), 7)
    assert run("cut", "in", "-o", "out/", "--edges", "none", "--colours", "source").code == 0
    lines = run("cut", "in", "-o", "out/", "--edges", "none", "--colours", "source").err.splitlines()
    assert len(lines) == 8
    assert all(
        "already exists; " in line and "--report FILE can be continued with --resume" in line for line in lines[:7]
    )
    assert lines[-1] == "mattebox: 7 of 7 failed"


def test_settled_files_come_once_and_again_when_they_change(tmp_path: Path) -> None:
    given: list[str] = []
    rounds = 0

    def stop() -> bool:
        nonlocal rounds
        rounds += 1
        if rounds == 40:
            (tmp_path / "a.jpg").write_bytes(b"other")
        return rounds > 120

    growing = tmp_path / "grows.jpg"
    growing.write_bytes(b"")
    (tmp_path / "a.jpg").write_bytes(b"first")
    (tmp_path / "skipped.jpg").write_bytes(b"x")
    for item in iterate_stable_files(
        tmp_path, recursive=False, should_stop=stop, poll_seconds=0.001, should_skip=lambda p: p.name == "skipped.jpg"
    ):
        assert item.path is not None
        given.append(item.path.name)
    assert given == ["a.jpg", "a.jpg"]


def test_a_hot_folder_until_terminated(tmp_path: Path) -> None:
    folder, out = tmp_path / "hot", tmp_path / "hot" / "out"
    photos(folder, 1)
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, "cut", str(folder), "-o", f"{out}/", "--watch"],
        env=os.environ | {"PYTHONPATH": str(root)}, stderr=subprocess.PIPE,
    )  # fmt: skip

    def later() -> None:
        time.sleep(1.5)
        Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / "dark.png")

    threading.Thread(target=later).start()
    for _ in range(200):
        time.sleep(0.1)
        if (out / "0.png").exists() and time.monotonic():
            break
    time.sleep(3.5)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 0, told
    assert [p.name for p in out.iterdir()] == ["0.png"]
    assert b"no subject found" in told


def test_the_report_knows_what_never_became_a_job(run: Run) -> None:
    photos(Path(), 1)
    Path("list.csv").write_text("input\n0.jpg\ngone.jpg\n")
    assert run("cut", "--manifest", "list.csv", "-o", "out/", "--report", "r.jsonl").code == 3
    assert [(r["input"], r["verdict"]) for r in rows("r.jsonl")] == [("0.jpg", "ok"), ("gone.jpg", "failed")]
    assert rows("r.jsonl")[1]["error"]["class"] == "InputMissing"


def test_two_of_one_name_are_both_put_aside_for_review(run: Run) -> None:
    photos(Path("in/a"), 1)
    photos(Path("in/b"), 1)
    assert run("cut", "in", "-o", "out", "--recursive", "--review", "look", "--review-under", "1").code == 0
    assert sorted(p.resolve().parent.name for p in Path("look").iterdir()) == ["a", "b"]


def test_a_watch_that_starts_again_does_what_is_new_or_changed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(Path("hot"), 2)
    monkeypatch.setattr("mattebox.batch.watch_folder.iterate_stable_files", lambda folder, **_: expand_inputs([folder]))
    words = ("cut", "hot", "-o", "out/", "--watch")
    assert run(*words).code == 0
    before = {p.name: p.stat().st_mtime_ns for p in Path("out").iterdir()}
    assert len(before) == 2
    later = time.time() + 5
    os.utime("hot/1.jpg", (later, later))
    again = run(*words)
    assert (again.code, again.err) == (0, "")
    assert [n for n, made in before.items() if Path("out", n).stat().st_mtime_ns != made] == ["1.png"]
