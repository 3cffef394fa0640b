"""`mattebox cut` on good pictures: what is written where, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Run


def test_without_o_the_cutout_lies_beside(run: Run, photo: Path) -> None:
    ran = run("cut", photo)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    with Image.open(photo.with_name("photo-cut.png")) as cut:
        assert cut.mode == "RGBA"
        alpha = np.asarray(cut)[..., 3]
    assert alpha[60, 80] == 255
    assert alpha[0, 0] == 0


def test_a_folder_keeps_its_tree(run: Run, photo: Path, tmp_path: Path) -> None:
    for name in ("in/2.jpg", "in/10.jpg", "in/deep/er/3.jpg", "in/.hidden.jpg", "in/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(photo.read_bytes())
    ran = run("cut", "in", "-o", "out", "--recursive", "--json")
    assert ran.code == 0
    assert [json.loads(line)["output"] for line in ran.out.splitlines()] == [
        str(Path("out", p)) for p in ("2.png", "10.png", "deep/er/3.png")
    ]
    assert (tmp_path / "out/deep/er/3.png").exists()


def test_names_that_would_collide_are_kept_apart(run: Run, photo: Path, tmp_path: Path) -> None:
    Image.open(photo).save(tmp_path / "photo.webp")
    assert run("cut", "photo.jpg", "photo.webp", "-o", "out/").code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["photo.jpg.png", "photo.webp.png"]


def test_a_background_and_a_format(run: Run, photo: Path) -> None:
    assert run("cut", photo, "-o", "white.jpg", "--background", "white", "--quality", 95).code == 0
    with Image.open("white.jpg") as made:
        assert made.mode == "RGB"
        assert min(made.getpixel((0, 0))) >= 254  # type: ignore[type-var, arg-type]


def test_the_matte_alone(run: Run, photo: Path) -> None:
    assert run("cut", photo, "--matte-only", "-o", "matte.png").code == 0
    with Image.open("matte.png") as made:
        assert made.mode == "L"
        assert made.getpixel((80, 60)) == 255
        assert made.getpixel((0, 0)) == 0


def test_a_glob_is_ours_to_expand(run: Run, photo: Path) -> None:
    assert run("cut", "*.jpg", "-o", "out/").code == 0
    assert Path("out/photo.png").exists()


def test_json_says_it_all(run: Run, photo: Path) -> None:
    row = json.loads(run("cut", photo, "--json").out)
    assert row["ok"] is True
    assert row["error"] is None
    assert (row["width"], row["height"], row["found"], row["model"], row["device"]) == (160, 120, True, "fake", "cpu")
    assert row["confidence"] > 0.5
    assert set(row["seconds"]) == {"detect", "segment", "backdrop", "holes", "refine", "foreground"}
    left, top, right, bottom = row["box"]
    assert (left, top, right, bottom) == pytest.approx((44, 24, 116, 96), abs=2)


def test_a_recipe_file_stands_for_flags(run: Run, photo: Path) -> None:
    Path("look.toml").write_text('[[steps]]\nstep = "cut"\n\n[[steps]]\nstep = "background"\npaint = "#00ff00"\n')
    assert run("cut", photo, "--recipe", "look.toml", "-o", "green.png").code == 0
    with Image.open("green.png") as made:
        assert made.getpixel((0, 0)) == (0, 255, 0)


def test_hidden_colours(run: Run, photo: Path) -> None:
    assert run("cut", photo, "-o", "zero.png").code == 0
    assert run("cut", photo, "-o", "kept.png", "--keep-hidden").code == 0
    with Image.open("zero.png") as zero, Image.open("kept.png") as kept:
        assert zero.getpixel((0, 0)) == (0, 0, 0, 0)
        assert kept.getpixel((0, 0)) == pytest.approx((20, 60, 220, 0), abs=4)


def test_overwrite(run: Run, photo: Path) -> None:
    Path("out.png").write_bytes(b"old")
    ran = run("cut", photo, "-o", "out.png")
    assert ran.code == 5
    assert "out.png: already exists" in ran.error
    assert Path("out.png").read_bytes() == b"old"
    assert run("cut", photo, "-o", "out.png", "--overwrite").code == 0
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")


def test_animated_is_said(run: Run, photo: Path) -> None:
    with Image.open(photo) as first:
        first.save("moving.gif", save_all=True, append_images=[first.rotate(90), first.rotate(180)])
    ran = run("cut", "moving.gif", "--json")
    assert "first of 3 frames" in ran.error
    assert json.loads(ran.out)["notes"] == ["first of 3 frames"]


def test_pipes(child: Run, photo: Path, astronaut: object) -> None:
    from skimage import data

    Image.fromarray(data.astronaut()).save(photo)
    ran = child("cut", "-", stdin=photo.read_bytes())
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.encode("latin-1").startswith(b"\x89PNG")
    assert ran.out.encode("latin-1").endswith(b"IEND\xaeB`\x82")
