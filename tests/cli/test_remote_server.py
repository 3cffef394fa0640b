"""--server: the command line's batch, done by a server as users start it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut
from tests.cli.conftest import Run, save
from tests.fakes import composite, disc
from tests.serving import start_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    (data / "keys").write_text("sesame\n")
    with start_server(data, keys=str(data / "keys"), model="balanced") as address:
        yield address


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_KEY", "sesame")


def photos(folder: Path) -> Path:
    for n in range(3):
        save(composite(disc((100 + n, 140), 2), (220, 60, 20), (20, 60, 220)), folder / f"{n}.jpg")
    (folder / "bad.jpg").write_bytes((folder / "0.jpg").read_bytes()[:500])
    return folder


def apart(*paths: Path) -> int:
    """The largest difference of two cutouts over black, 0..255: a server runs requests together, rounding otherwise."""
    shown = []
    for path in paths:
        with Image.open(path) as picture:
            shown.append(np.asarray(picture.convert("RGBA")).astype(int))
    near, far = (np.dstack([p[..., :3] * p[..., 3:] // 255, p[..., 3]]) for p in shown)
    return int(np.abs(near - far).max())


def test_a_folder_done_there_is_as_done_here(server: str, child: Run, tmp_path: Path) -> None:
    photos(tmp_path / "in")
    words = ("cut", "in", "--empty", "keep", "--model", "fast", "--json")
    here = child(*words, "-o", "here/")
    there = child(*words, "-o", "there/", "--server", server, "--report", "r.jsonl", "--sheet", "s.html")
    assert (here.code, there.code) == (3, 3), there.err
    assert there.err.count("bad.jpg") == 1
    told = [json.loads(line) for line in there.out.splitlines()]
    known = [json.loads(line) for line in here.out.splitlines()]
    for far, near in zip(told, known, strict=True):
        assert far.keys() == near.keys()
        assert {k: v for k, v in far.items() if k in ("input", "ok", "width", "box", "found", "confidence")} == {
            k: v for k, v in near.items() if k in ("input", "ok", "width", "box", "found", "confidence")
        }
    for path in sorted((tmp_path / "here").iterdir()):
        assert apart(tmp_path / "there" / path.name, path) <= 2
    assert (tmp_path / "s.html").read_text().count("data:image/webp") == 3
    again = child(*words, "-o", "there/", "--server", server, "--report", "r.jsonl", "--resume")
    assert "3 had been done before" in again.err


def test_pictures_that_a_recipe_names_go_along_under_other_names(server: str, child: Run, tmp_path: Path) -> None:
    photos(tmp_path / "in")
    Image.new("RGB", (30, 20), (0, 255, 0)).save(tmp_path / "my secret.png")
    words = ("cut", "in/0.jpg", "--empty", "keep", "--background", "my secret.png", "-o", "o.webp", "--server", server)
    ran = child(*words)
    assert (ran.code, ran.err) == (0, "")
    with Image.open(tmp_path / "o.webp") as made:
        assert made.format == "WEBP"
        assert made.getpixel((2, 2))[:2] == pytest.approx((0, 255), abs=6)  # type: ignore[index]


def test_paths_are_replaced_wherever_they_stand(tmp_path: Path) -> None:
    from mattebox.cli.remote_server import bundle_images

    path = tmp_path / "plate.png"
    Image.new("RGB", (30, 20)).save(path)
    recipe, images = bundle_images(Recipe((Cut(by=f"plate({path})"), Background(paint=str(path)))))
    assert recipe.steps == (Cut(by="plate(picture-1.png)"), Background(paint="picture-1.png"))
    assert images == {"picture-1.png": path.read_bytes()}


def test_enhancing_standard_input_and_output(server: str, child: Run, tmp_path: Path) -> None:
    photo = photos(tmp_path / "in") / "0.jpg"
    ran = child("enhance", "-", "--exposure", "1", "--server", server, stdin=photo.read_bytes())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.encode("latin-1").startswith(b"\x89PNG")
    assert child("upscale", "in/1.jpg", "-o", "large.jpg", "--server", server).code == 0
    with Image.open(tmp_path / "large.jpg") as made:
        assert made.size == (280, 202)


@pytest.mark.parametrize("more", [("--device", "cuda"), ("--threads", 2), ("--metadata", "all"), ("--keep-hidden",)])
def test_what_only_this_machine_could_do_is_refused(run: Run, photo: Path, more: tuple[object, ...]) -> None:
    ran = run("cut", photo, "--server", "http://127.0.0.1:9", *more)
    assert ran.code == 2
    assert f"{more[0]} and --server" in ran.error


def test_what_forbids_it_and_who_is_not_there(
    server: str, run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot be reached" in run("cut", photo, "--server", "http://127.0.0.1:9").error
    monkeypatch.setenv("MATTEBOX_KEY", "wrong")
    assert "API key is missing or unknown" in run("cut", photo, "--server", server).error
    monkeypatch.setenv("MATTEBOX_OFFLINE", "1")
    assert "forbidden" in run("cut", photo, "--server", "http://pictures.example").error
    assert run("cut", photo, "--server", server, "--commercial").code == 2
