"""`mattebox anonymise` and `mattebox audit` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from mattebox.cli.anonymise_clips import list_targets
from mattebox.cli.anonymise_inputs import split_inputs
from tests.cli.conftest import Run

FACE = (slice(80, 160), slice(196, 256))  # rows and columns inside the astronaut's


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "her.jpg", quality=95)
    Image.fromarray(skimage.data.coffee()).save(tmp_path / "cup.jpg", quality=95)
    return tmp_path


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_a_face_is_hidden_and_the_result_lies_beside_the_photograph(run: Run, folder: Path) -> None:
    ran = run("anonymise", "her.jpg", "--json")
    assert ran.code == 0
    (row,) = map(json.loads, ran.out.splitlines())
    assert row["output"] == "her-anonymised.jpg"
    assert row["objects"][0].items() >= {"number": 1, "kind": "face", "hidden": True}.items()
    hidden = pixels(folder / "her-anonymised.jpg")
    assert hidden[FACE].max() < 12  # black, after JPEG
    assert np.abs(hidden[440:, :200].astype(int) - pixels(folder / "her.jpg")[440:, :200]).mean() < 4


def test_a_dry_run_shows_and_writes_no_picture(run: Run, folder: Path) -> None:
    ran = run("anonymise", "her.jpg", "cup.jpg", "--dry-run", "--sheet", "look.html")
    assert ran.code == 0
    assert "  1  face   183,66 to 269,173  score 0.98" in ran.out
    assert sorted(path.name for path in folder.iterdir()) == ["cup.jpg", "her.jpg", "look.html"]
    assert (folder / "look.html").read_text().count("data:image/webp") == 2
    assert run("anonymise", "clip.mp4", "--dry-run").code == 2


def test_what_is_excepted_stays(run: Run, folder: Path) -> None:
    assert run("anonymise", "her.jpg", "-o", "kept.png", "--except", "1").code == 0
    np.testing.assert_array_equal(pixels(folder / "kept.png")[FACE], pixels(folder / "her.jpg")[FACE])
    ran = run("anonymise", "her.jpg", "-o", "hidden.png", "--except", "3 2")
    assert "there is no number 2, 3, of what is to stay as it is: 1 was found" in ran.error
    assert "is no list of numbers" in run("anonymise", "her.jpg", "--except", "her").error
    assert run("anonymise", "her.jpg", "-o", "plates.png", "--plates").code == 0
    np.testing.assert_array_equal(pixels(folder / "plates.png")[FACE], pixels(folder / "her.jpg")[FACE])


def test_nothing_found_is_a_note_or_with_require_an_error(run: Run, folder: Path) -> None:
    Image.new("RGB", (300, 200), (90, 120, 150)).save(folder / "wall.png")
    assert "no face or number plate was found" in run("anonymise", "wall.png").err
    ran = run("anonymise", "wall.png", "-o", "required.png", "--require")
    assert ran.code == 4
    assert "no face or number plate was found" in ran.error
    assert "search harder: --sensitivity 200" in ran.error
    assert not (folder / "required.png").exists()
    assert run("anonymise", "wall.png", "--require", "--dry-run").code == 4


def test_clips_of_folders_are_found_and_get_names_of_their_own(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mov", "b.jpg", "notes.txt", "sub/c.webm", "only/d.MKV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    folder = str(tmp_path)
    clips, photographs = split_inputs((folder, "x.mp4", f"{folder}/only"), is_recursive=False)
    assert [str(clip.relative_path) for clip in clips] == ["a.mov", "a.mp4", "x.mp4", "d.MKV"]
    assert photographs == (folder,)  # "only" holds no photograph
    assert [str(path) for path in list_targets(clips, "safe/", is_one_of_many=True)] == [
        "safe/a.mp4", "safe/a-mp4.mp4", "safe/x.mp4", "safe/d.mp4"
    ]  # fmt: skip
    deep, _ = split_inputs((folder,), is_recursive=True)
    assert Path("sub/c.webm") in [clip.relative_path for clip in deep]


def test_a_picture_that_is_named_as_a_clip_is_a_picture(tmp_path: Path) -> None:
    for suffix in ("jpg", "png", "webp"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"a.{suffix}")
        named = str((tmp_path / f"a.{suffix}").rename(tmp_path / f"{suffix}.mp4"))
        assert split_inputs((named,), False) == ([], (named,))
    (tmp_path / "empty.mov").touch()
    clips, photographs = split_inputs((str(tmp_path / "empty.mov"),), False)
    assert ([c.path.name for c in clips], photographs) == (["empty.mov"], ())


def test_a_folder_of_photographs_and_clips(run: Run, folder: Path) -> None:
    pytest.importorskip("av")
    from tests.video.clips import write_clip

    (folder / "day").mkdir()
    (folder / "her.jpg").rename(folder / "day" / "her.jpg")
    frame = np.ascontiguousarray(skimage.data.astronaut()[:320, 90:410])
    write_clip(folder / "day" / "walk.mov", [frame] * 2)
    ran = run("anonymise", "day/", "-o", "safe/", "--faces", "--label", "Edited")
    assert ran.code == 0, ran.err
    assert sorted(path.name for path in (folder / "safe").iterdir()) == ["her.jpg", "walk.mp4"]
    assert pixels(folder / "safe" / "her.jpg")[FACE].max() < 12


def test_methods_and_shapes(run: Run, folder: Path) -> None:
    for method in ("mosaic", "blur"):
        assert run("anonymise", "her.jpg", "-o", f"{method}.png", "--method", method, "--shape", "box").code == 0
        assert (pixels(folder / f"{method}.png")[FACE] != pixels(folder / "her.jpg")[FACE]).any(2).mean() > 0.95
    assert run("enhance", "her.jpg", "-o", "enhanced.png", "--hide", "faces", "--sharpen", "80").code == 0
    assert pixels(folder / "enhanced.png")[FACE].max() < 40


def test_the_audit_log_of_a_batch(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_AUDIT", "audit.jsonl")
    assert run("anonymise", "her.jpg", "missing.jpg", "-o", "safe/").code == 3
    entries = [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
    assert [e["action"] for e in entries] == ["anonymise+save"]
    assert "her" not in (folder / "audit.jsonl").read_text()
    assert entries[0]["actor"].startswith("user:")
    verified = run("audit", "verify", "audit.jsonl")
    assert verified.code == 0
    assert "1 entries, unaltered" in verified.out
    found = run("audit", "search", "audit.jsonl", "safe/her.jpg", "--json")
    assert json.loads(found.out)["hash"] == entries[0]["hash"]
    assert run("audit", "search", "audit.jsonl", "cup.jpg").out == ""
    (folder / "audit.jsonl").write_text((folder / "audit.jsonl").read_text().replace("anonymise", "cut"))
    assert run("audit", "verify", "audit.jsonl").code == 1
