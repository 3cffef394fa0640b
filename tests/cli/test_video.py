from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebox.cli.video_progress import describe_progress
from mattebox.io import object_store
from mattebox.io.object_store import list_objects, read_object, write_object
from mattebox.io.store_address import StoreAddress
from mattebox.io.writer import write
from mattebox.models import matte_session
from mattebox.types import Picture
from mattebox.video import clip_job
from mattebox.video.clip_result import ClipProgress
from tests.cli.conftest import Run
from tests.fakes import fake_session
from tests.stores import memory_stores
from tests.video.clips import decode_rgba, draw_frame, write_clip


@pytest.fixture(autouse=True)
def _fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (matte_session, clip_job):
        monkeypatch.setattr(module, "open_session", lambda *_: fake_session())


def test_clips_are_cut_beside_themselves_or_into_a_folder(run: Run, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mov"):
        write_clip(tmp_path / name, [draw_frame(number) for number in range(3)])
    assert run("video", "cut", "a.mp4").code == 0
    assert (tmp_path / "a-cut.webm").exists()
    (tmp_path / "a-cut.webm").unlink()
    (tmp_path / "text.mp4").write_text("hello")
    ran = run("video", "cut", ".", "-o", "out", "--background", "white", "--until", "0.2", "--json")
    assert ran.code == 3
    assert "text.mp4: is not a video" in ran.err
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [(row["input"], row["frames"], row["network_frames"]) for row in rows] == [("a.mp4", 2, 2), ("b.mov", 2, 2)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.mp4", "b.mp4"]
    assert run("video", "cut", "a.mp4", "-o", "out/a.mp4", "--background", "red").error.startswith(
        "mattebox: out/a.mp4: already exists"
    )


def test_clips_go_from_and_to_stores(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory_stores(monkeypatch)
    for name in ("a.mp4", "below/b.mp4"):
        content = write_clip(tmp_path / "clip.mp4", [draw_frame(number) for number in range(3)]).read_bytes()
        write_object(StoreAddress("s3://shop", f"in/{name}"), content, overwrite=True)
    assert run("video", "cut", "clip.mp4", "-o", "clip-cut.mp4", "--background", "white").code == 0
    words = ("s3://shop/in/", "-o", "s3://shop/out/", "--format", "mp4", "--background", "white")
    ran = run("video", "cut", *words, "--json")
    row = json.loads(ran.out)
    assert (row["input"], row["output"], row["frames"]) == ("s3://shop/in/a.mp4", "s3://shop/out/a.mp4", 3)
    content = read_object(StoreAddress("s3://shop", "out/a.mp4"), 1 << 30)[0]
    assert content == (tmp_path / "clip-cut.mp4").read_bytes()
    assert "already exists" in run("video", "cut", *words).error
    monkeypatch.setattr(object_store, "MULTIPART_BYTES", 1000)  # a large one, in parts
    assert "already exists" in run("video", "cut", *words).error
    assert run("video", "cut", *words, "--overwrite").code == 0
    assert read_object(StoreAddress("s3://shop", "out/a.mp4"), 1 << 30)[0] == content
    assert run("video", "enhance", "s3://shop/in/a.mp4", "-o", "s3://shop/out/better.mp4").code == 0
    assert [o.address.key for o in list_objects(StoreAddress("s3://shop", "out"))] == ["out/a.mp4", "out/better.mp4"]
    assert run("video", "cut", "s3://shop/in/a.mp4", "-o", "here.webm").code == 0
    assert (tmp_path / "here.webm").exists()
    for refused, text in (
        (("cut", "s3://shop/in/a.mp4"), "need a place"),
        (("cut", *words, "--resume"), "--resume is for clips on this machine's disk"),
        (("cut", "s3://shop/in/a.mp4", "-o", "s3://shop/x/", "--format", "png"), "makes many files"),
        (("cut", "s3://shop/none/", "-o", "s3://shop/x/"), "no clip below this prefix"),
        (("roto", "clip.mp4", "--keys", "keys", "-o", "s3://shop/x.mov"), "on this machine's disk"),
    ):
        assert text in run("video", *refused).error
    assert "on this machine's disk" in run("anonymise", "clip.mp4", "-o", "s3://shop/x/").error
    assert "on this machine's disk" in run("anonymise", "s3://shop/in/a.mp4", "-o", "x/").error


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["a.mp4", "-o", "cut.mp4"], 5, "mp4 cannot hold transparency; give --background white"),
        (["a.mp4", "--format", "wbem"], 2, "did you mean webm"),
        (["a.mp4", "--from", "soon"], 2, "'soon' is not a time; give seconds"),
        (["a.mp4", "--from", "2", "--until", "1"], 2, "give a later --until"),
        ([], 2, "no clip is given"),
        (["none.mp4"], 3, "none.mp4: there is no such file"),
    ],
)
def test_mistakes_are_one_line(run: Run, words: list[str], code: int, text: str) -> None:
    ran = run("video", "cut", *words)
    assert ran.code == code
    assert text in ran.error


def test_progress_says_how_long_it_takes() -> None:
    progress = ClipProgress(frames=50, seconds=2.0, total_seconds=10.0, rate=5.0)
    assert describe_progress(progress) == "frame 50, 2.0 s of 10.0 s, 5.0 frames a second, 40 s left"
    assert describe_progress(progress._replace(total_seconds=None)) == "frame 50, 2.0 s, 5.0 frames a second"


@pytest.mark.parametrize(
    ("target", "words", "sidecar"),
    [("cut.mp4", ["--resume"], False), ("cut.webm", ["--resume"], True), ("cut.mp4", [], False)],
)
def test_clips_are_signed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, words: list[str], sidecar: bool
) -> None:
    pytest.importorskip("c2pa")
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "home"))
    write_clip(tmp_path / "a.mp4", [draw_frame(number) for number in range(3)])
    assert "provenance init" in run("video", "cut", "a.mp4", "-o", target, "--background", "white", "--sign").err
    run("provenance", "init")
    assert run("video", "cut", "a.mp4", "-o", target, "--background", "white", "--sign", *words).code == 0
    assert (tmp_path / "cut.c2pa").exists() == sidecar
    report = json.loads(run("verify", target, "--json").out)
    assert report["state"] == "trusted"
    described = [action["description"] for action in report["manifests"][0]["actions"]]
    assert described[1:] == [
        "Background removed",
        "Background replaced by a painted one (a colour, gradient or studio)",
    ]
    assert report["manifests"][0]["ingredients"] == ["a.mp4"]
    assert sorted(p.name for p in tmp_path.iterdir() if "signed" in p.name or "part" in p.name) == []


def test_records_of_a_clip(run: Run, tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", [draw_frame(number) for number in range(3)])
    ran = run("video", "cut", "a.mp4", "--report", "a.jsonl", "--timeline", "a.otio", "--sheet", "a.html", "--resume")
    assert (ran.code, ran.err) == (0, "")
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 3
    assert json.loads((tmp_path / "a.otio").read_text())["OTIO_SCHEMA"] == "Timeline.1"
    assert "the 1 least confident frame" in (tmp_path / "a.html").read_text()
    assert "--sheet takes the frames of one clip" in run("video", "cut", "a.mp4", "b.mp4", "--sheet", "a.html").error


def test_numbered_pictures_go_beside_their_source(run: Run, tmp_path: Path) -> None:
    for number in (3, 4):
        write(Picture(draw_frame(number)), tmp_path / f"shot.{number:02}.tif")
    assert run("video", "cut", "shot.##.tif", "--format", "png", "--rate", "25").code == 0
    assert sorted(path.name for path in (tmp_path / "shot-cut").iterdir()) == ["shot.03.png", "shot.04.png"]
    assert run("video", "cut", "shot.%02d.tif", "--rate", "25").code == 0
    assert (tmp_path / "shot-cut.webm").exists()


def test_clips_are_enhanced(run: Run, tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", [draw_frame(number) for number in range(3)], sound="aac")
    ran = run("video", "enhance", "a.mp4", "--exposure", "1", "--json")
    assert (ran.code, json.loads(ran.out)["frames"]) == (0, 3)
    before, after = (decode_rgba(tmp_path / name)[0][..., :3].mean() for name in ("a.mp4", "a-enhanced.mp4"))
    assert after > before + 15
    assert "there is no such file" in run("video", "enhance", "b.mp4").error
    assert "clips are not enhanced to OpenEXR" in run("video", "enhance", "a.mp4", "-o", "x.%04d.exr").error


def test_clips_are_rotoscoped(run: Run, tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", [draw_frame(number) for number in range(3)])
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "0000.toml").write_text('keep = "37%,50%"')
    ran = run("video", "roto", "a.mp4", "--keys", "keys", "-o", "cut.mov", "--json")
    assert (ran.code, json.loads(ran.out)["carried_frames"]) == (0, 3)
    assert "no such folder of key frames" in run("video", "roto", "a.mp4", "--keys", "none", "-o", "b.mov").error
