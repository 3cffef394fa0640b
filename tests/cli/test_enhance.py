"""`mattebox enhance` and `mattebox upscale`: names, formats, what is asked for and what is not, before and after."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from tests.cli.conftest import run_main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(skimage.data.coffee()[:200, :240]).save("cup.jpg", quality=95)
    Image.fromarray(skimage.data.astronaut()[:150, 100:300]).save("her.png")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    return partial(run_main, capsys)


def opened(name: str) -> Image.Image:
    with Image.open(name) as file:
        file.load()
        return file


Run = Callable[..., tuple[int, str]]


def test_each_keeps_its_own_format(folder: Path, run: Run) -> None:
    assert run("enhance", "cup.jpg", "her.png") == (0, "")
    assert opened("cup-enhanced.jpg").format == "JPEG"
    assert opened("her-enhanced.png").format == "PNG"
    assert run("upscale", "cup.jpg", "her.png", "-o", "out/")[0] == 0
    assert opened("out/cup.jpg").size == (480, 400)
    assert opened("out/her.png").size == (400, 300)


def test_what_we_do_not_write_becomes_a_png(folder: Path, run: Run) -> None:
    opened("her.png").quantize(64).save("her.gif")
    assert run("upscale", "her.gif")[0] == 0
    assert opened("her-upscaled.png").size == (400, 300)


@pytest.mark.parametrize(("to", "size"), [("3x", (600, 450)), ("500px", (500, 375)), ("1.25", (250, 188))])
def test_to_any_size(to: str, size: tuple[int, int], folder: Path, run: Run) -> None:
    assert run("upscale", "her.png", "--to", to, "-o", "large.webp")[0] == 0
    assert opened("large.webp").size == size


def test_only_what_is_asked_for(folder: Path, run: Run) -> None:
    assert run("enhance", "her.png", "--saturation", "-100", "-o", "grey.png", "--save-recipe", "grey.toml")[0] == 0
    rgb = np.asarray(opened("grey.png")).astype(int)
    assert np.abs(rgb[..., 0] - rgb[..., 2]).max() <= 3
    text = Path("grey.toml").read_text()
    assert "colour" in text
    assert "restore" not in text
    assert "cut" not in text


def test_nothing_to_do_is_said(folder: Path, run: Run) -> None:
    code, said = run("enhance", "her.png", "--only", "subject", "--upscale", "2x")
    assert code == 2
    assert "--only subject: --upscale works on the whole photograph" in said
    assert "--light-only subject" in said
    code, said = run("enhance", "her.png", "--only", "subject", "--restore", "none")
    assert code == 2
    assert "no step that can be limited to an area; add one that can, such as light auto" in said


def test_only_the_subject(folder: Path, run: Run) -> None:
    words = ("--exposure", "1", "--only", "background", "-o", "her-bright.png")
    assert run("enhance", "her.png", *words)[0] == 0
    before, after = (np.asarray(opened(n)).astype(int) for n in ("her.png", "her-bright.png"))
    changed = np.abs(after - before).max(2)
    assert np.median(changed[60:100, 100:140]) == 0  # her face
    assert changed[:30, :20].min() > 10


def test_before_and_after_as_a_page(folder: Path, run: Run) -> None:
    assert run("upscale", "cup.jpg", "her.png", "-o", "out/", "--compare", "look.html")[0] == 0
    page = Path("look.html").read_text()
    assert page.count('type="range"') == 2
    assert page.count("data:image/webp;base64,") == 4
    assert "cup.jpg: 240 x 200 to 480 x 400 pixels" in page
    assert "http" not in page


def test_before_and_after_as_a_picture(folder: Path, run: Run) -> None:
    assert run("upscale", "her.png", "--compare", "look.png")[0] == 0
    assert opened("look.png").size == (400 + 16 + 400, 300)
    code, said = run("upscale", "her.png", "cup.jpg", "--overwrite", "--compare", "look.png")
    assert code == 2
    assert ".html" in said


def test_standard_input_cannot_be_compared(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(Path("her.png").read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    code, said = run("upscale", "-", "-o", "large.png", "--compare", "look.html")
    assert code == 2
    assert "give the photograph as a file" in said


@pytest.mark.parametrize(
    "words", [("--to", "0x"), ("--to", "99x"), ("--upscale-model", "balanced"), ("--restore", "2")]
)
def test_what_makes_no_sense_is_one_line(words: tuple[str, ...], folder: Path, run: Run) -> None:
    code, said = run("upscale", "her.png", *words)
    assert code in (2, 6)
    assert said.count("\n") == 1
    assert ";" in said
    assert not Path("her-upscaled.png").exists()


def test_what_a_mask_marks_is_removed(folder: Path, run: Run) -> None:
    """And nothing else changes; a mask in colour is refused in one line."""
    picture = np.full((80, 100, 3), (30, 60, 90), np.uint8)
    picture[30:40, 40:50] = 255
    mask = np.zeros((80, 100), np.uint8)
    mask[27:43, 37:53] = 255
    Image.fromarray(picture).save("spot.png")
    Image.fromarray(mask).save("mask.png")
    assert run("enhance", "spot.png", "--heal", "mask.png", "-o", "healed.png")[0] == 0
    healed = np.asarray(opened("healed.png").convert("RGB"))
    assert np.array_equal(healed, np.broadcast_to((30, 60, 90), healed.shape))
    Image.fromarray(picture).save("colours.png")
    code, said = run("enhance", "spot.png", "--heal", "colours.png", "-o", "other.png")
    assert code != 0
    assert "the mask to heal by colours.png is in colour" in said
