"""`mattebox portrait`, `mattebox depth` and `--bokeh`: names, what stays sharp, where depth comes from, bad input."""

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

import mattebox as mb
from mattebox.cli import main
from tests.cli.conftest import run_main
from tests.io.test_stereo_pair import mpo

Run = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(skimage.data.astronaut()[:300, 100:400]).save("her.png")
    ramp = np.tile(np.linspace(0, 65535, 300).astype(np.uint16)[:, None], (1, 300))
    Image.fromarray(ramp).save("ramp.png")
    Image.fromarray(ramp[:70]).save("other.png")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(run_main, capsys)


def pixels(name: str) -> np.ndarray:
    with Image.open(name) as image:
        return np.asarray(image)


def test_a_portrait_keeps_the_subject_and_blurs_the_rest(run: Run) -> None:
    assert run("portrait", "her.png", "--aperture", "f/1.4")[0] == 0
    before, after = pixels("her.png"), pixels("her-portrait.png")
    face = slice(40, 110), slice(90, 150)
    wall = slice(10, 110), slice(215, 295)
    assert (after[face] == before[face]).all()
    roughness = [np.abs(np.diff(image[wall].astype(int), axis=0)).mean() for image in (before, after)]
    assert roughness[1] < roughness[0] / 2


def test_a_cutout_before_another_background_as_if_photographed_there(run: Run) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)).save("wall.png")
    for name, words in (("sharp.png", ()), ("blurred.png", ("--bokeh", "f/1.4", "--bokeh-grain", "0"))):
        assert run("cut", "her.png", "--background", "wall.png", *words, "-o", name)[0] == 0
    sharp, blurred = pixels("sharp.png").astype(int), pixels("blurred.png").astype(int)
    face, wall = (slice(40, 110), slice(90, 150)), (slice(10, 110), slice(240, 295))
    assert (sharp[face] == blurred[face]).all()
    assert np.abs(np.diff(blurred[wall], axis=0)).mean() < np.abs(np.diff(sharp[wall], axis=0)).mean() / 4


def test_depth_is_a_picture_that_a_portrait_takes(run: Run) -> None:
    code, said = run("depth", "her.png", "--json")
    assert code == 0
    assert json.loads(said)["source"] == "layers"
    with Image.open("her-depth.png") as image:
        assert json.loads(image.text["mattebox:depth"])["unit"] == "relative"
        assert np.asarray(image).dtype == np.uint16
    assert run("portrait", "her.png", "--bokeh-depth", "her-depth.png", "-o", "out.png")[0] == 0


def test_a_focus_on_a_place_of_a_depth_picture(run: Run) -> None:
    assert run("enhance", "her.png", "--bokeh", "2", "--bokeh-depth", "ramp.png", "--bokeh-focus", "50%,95%",
               "-o", "out.png")[0] == 0  # fmt: skip
    before, after = pixels("her.png"), pixels("out.png")
    assert (after[285] == before[285]).all()
    assert (after[:60] != before[:60]).any()


def test_a_tilted_lens_needs_no_subject(run: Run) -> None:
    assert run("enhance", "her.png", "--bokeh", "1.4", "--bokeh-depth", "tilt", "--bokeh-focus", "10,150",
               "--bokeh-grain", "0", "-o", "out.png")[0] == 0  # fmt: skip
    before, after = pixels("her.png"), pixels("out.png")
    assert (after[150] == before[150]).all()
    detail = [np.abs(np.diff(image.astype(int), axis=1)).mean(axis=(1, 2)) for image in (before, after)]
    assert detail[1][[20, 280]].sum() < detail[0][[20, 280]].sum() / 2


def test_depth_as_an_array(run: Run) -> None:
    assert run("depth", "her.png", "-o", "out.npy")[0] == 0
    values = np.load("out.npy")
    assert values.dtype == np.float32
    assert values.shape == (300, 300)
    assert run("depth", "her.png", "-o", "colours.png", "--colour")[0] == 0
    assert pixels("colours.png").shape == (300, 300, 3)


def write_pair() -> None:
    """Two views of a wall; its right half lies nearer."""
    wall = np.random.default_rng(0).integers(0, 255, (80, 170, 3), np.uint8)
    right = wall[:, 12:162].copy()
    right[:, 68:138] = wall[:, 85:155]
    Image.fromarray(wall[:, 5:155]).save("left.png")
    Image.fromarray(right).save("right.png")


def test_depth_of_a_stereo_pair(run: Run) -> None:
    write_pair()
    code, said = run("depth", "--stereo", "left.png", "right.png")
    assert (code, said) == (0, "left.png -> left-depth.png  (from the two views of a stereo pair)\n")
    assert pixels("left-depth.png")[40, 120] > pixels("left-depth.png")[40, 30]
    depth = mb.depth("left.png", right="right.png")
    assert depth.source == "stereo"
    blurred = mb.enhance("left.png", bokeh=1.4, bokeh_depth=depth, bokeh_focus=(120, 40)).picture.rgb
    assert (blurred[40, 120] == pixels("left.png")[40, 120]).all()
    assert (
        np.abs(np.diff(blurred[:, :40].astype(int))).mean()
        < np.abs(np.diff(pixels("left.png")[:, :40].astype(int))).mean()
    )


def test_a_portrait_of_a_stereo_photograph_goes_by_its_depth(run: Run) -> None:
    write_pair()
    encoded = []
    for name in ("left.png", "right.png"):
        Image.open(name).save(file := io.BytesIO(), "JPEG", quality=95)
        encoded.append(file.getvalue())
    Path("pair.mpo").write_bytes(mpo(first=encoded[0], second=encoded[1]))
    Path("odd.mpo").write_bytes(mpo(first=encoded[0]))  # the other view has another size
    words = ("--bokeh", "1.4", "--bokeh-focus", "120,40", "--bokeh-grain", "0", "-o")
    assert run("enhance", "pair.mpo", *words, "out.png")[0] == 0
    detail = [np.abs(np.diff(pixels(name).astype(int), axis=1)).mean(axis=(0, 2)) for name in ("pair.mpo", "out.png")]
    assert detail[1][:40].mean() < detail[0][:40].mean() / 3
    assert (pixels("out.png")[40, 115:125] == pixels("pair.mpo")[40, 115:125]).all()
    code, said = run("enhance", "odd.mpo", *words, "odd.png")
    assert code == 0
    assert "its two views tell no depth: the two pictures have different sizes" in said


def test_without_a_subject_the_floor_is_assumed() -> None:
    depth = mb.depth(np.full((80, 120, 3), 90, np.uint8))
    assert depth.source == "layers"
    assert (np.diff(depth.inverse_depth[:, 60]) >= 0).all()
    assert depth.nearness()[-1].min() == 1
    assert depth.nearness()[:30].max() == 0


def test_python() -> None:
    depth = mb.depth("her.png")
    assert depth.source == "layers"
    assert depth.nearness()[60, 120] == 1
    blurred = mb.enhance("her.png", bokeh=1.4, bokeh_focus=(120, 60))
    assert (blurred.picture.rgb[60, 120] == pixels("her.png")[60, 120]).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["portrait", "her.png", "--aperture", "wide"], "not an f-number"),
        (["portrait", "her.png", "--bokeh-focus", "900,900"], "outside the photograph"),
        (["portrait", "her.png", "--bokeh-focus", "there"], "not a focus"),
        (["portrait", "her.png", "--bokeh-depth", "no.png"], "no such file"),
        (["depth", "--stereo", "her.png"], "--stereo takes two files"),
        (["depth", "--stereo", "her.png", "ramp.png"], "do not seem to show one scene"),
        (["depth", "--stereo", "her.png", "other.png"], "different sizes"),
        (["depth", "her.png", "-o", "d.jpg"], "choose .png, .npy or .exr"),
        (["cut", "her.png", "--bokeh", "f/2"], "needs the photograph's own background"),
        (["cut", "her.png", "--bokeh", "f/2", "--background", "red"], "needs the photograph's own background"),
        (["cut", "her.png", "--bokeh", "f/2", "--background", "ramp.png", "--bokeh-focus", "1,1"], "only the subject"),
    ],
)
def test_bad_input_is_one_line_with_the_remedy(run: Run, words: list[str], said: str) -> None:
    code, text = run(*words)
    assert code != 0
    assert said in text
    assert len(text.strip().splitlines()) == 1


def test_a_depth_to_standard_output(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdout", stream)
    with pytest.raises(SystemExit) as ended:
        main.main(["depth", "her.png", "-o", "-"])
    assert ended.value.code == 0
    assert stream.buffer.getvalue()[:4] == b"\x89PNG"
