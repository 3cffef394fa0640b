"""Families of networks from the command line: added, listed with their classes, picked from, asked by points, kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.cli.main import main
from tests.cli.conftest import Ran, Run, save
from tests.fakes import OURS
from tests.models.families import blocks, shrinking
from tests.models.onnx import clicked_decoder, constants_network
from tests.models.weight_server import use_home_folder

GREEN = (220, 80, 280, 140)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line here, with its own networks and a home of its own."""
    monkeypatch.chdir(tmp_path)
    use_home_folder(monkeypatch, tmp_path / "home")
    save(blocks(), tmp_path / "blocks.png")

    def call(*words: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(w) for w in words])
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, told.out, told.err)

    return call


def alpha_box(path: str) -> tuple[int, int, int, int] | None:
    with Image.open(path) as made:
        return made.getchannel("A").point(lambda v: 255 * (v > 127)).getbbox()


def zoo_detector(real: Run) -> None:
    outputs = {"boxes": np.array([[120.0, 160, 600, 640], [880, 320, 1120, 560]]), "labels": np.array([17, 1]),
               "scores": np.array([0.9, 0.75]), "masks": np.ones((2, 1, 28, 28))}  # fmt: skip
    Path("mine.onnx").write_bytes(constants_network(outputs))
    added = real("models", "add", "mine.onnx", "--like", "maskrcnn", "--name", "things")
    assert (added.code, added.out) == (0, "things: added, use it with --model things\n")


def test_things_are_listed_and_picked_by_class(real: Run) -> None:
    zoo_detector(real)
    told = json.loads(real("find", "blocks.png", "--model", "things", "--json").out)
    assert [(s["label"], s["score"]) for s in told["subjects"]] == [("dog", 0.9), ("person", 0.75)]
    assert told["subjects"][1]["box"] == list(GREEN)
    lines = real("find", "blocks.png", "--model", "things").out.splitlines()
    assert lines[0] == "blocks.png: 2 subjects"
    assert lines[2].endswith("score 0.75  person")
    for pick in ("person", "2", "250,110"):
        assert real("cut", "blocks.png", "--model", "things", "--pick", pick, "-o", "cut.png", "--overwrite").code == 0
        assert alpha_box("cut.png") == pytest.approx(GREEN, abs=2)


def test_maps_of_numbers_and_of_classes(real: Run) -> None:
    """The numbers are those of the list; colours are for people, and nothing is black."""
    zoo_detector(real)
    told = json.loads(real("find", "blocks.png", "--model", "things", "--map", "maps/", "--json").out)
    assert (told["map"], [s["class"] for s in told["subjects"]]) == (str(Path("maps/blocks.png")), [17, 1])
    with Image.open("maps/blocks.png") as made:
        numbers, seen = np.asarray(made), np.asarray(made.convert("RGB"))
        assert made.mode == "P"
    left, top, right, bottom = GREEN
    assert set(np.unique(numbers)) == {0, 1, 2}
    assert (numbers[top + 2 : bottom - 2, left + 2 : right - 2] == 2).all()
    assert not seen[numbers == 0].any()
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) == 3
    again = real("find", "blocks.png", "--model", "things", "--map", "maps/", "--values", "class")
    assert (again.code, "--overwrite" in again.error) == (5, True)
    words = ("find", "blocks.png", "--model", "things", "--map", "one.png", "--values", "class")
    assert real(*words).code == 0
    with Image.open("one.png") as made:
        np.testing.assert_array_equal(np.asarray(made), np.choose(numbers, [255, 17, 1]))
    untold = real("find", "blocks.png", "--map", "two.png", "--values", "class")
    assert (untold.code, f"model {OURS} knows no classes" in untold.error) == (2, True)
    assert real("find", "blocks.png", "--model", "things", "--map", "blocks.png", "--overwrite").code != 0


def test_a_class_is_checked_before_any_picture_is_read(real: Run) -> None:
    zoo_detector(real)
    misspelt = real("cut", "none.png", "--model", "things", "--pick", "persn")
    assert (misspelt.code, "did you mean person?" in misspelt.error) == (2, True)
    untold = real("cut", "none.png", "--pick", "person")
    assert (untold.code, f"model {OURS} knows no classes" in untold.error) == (2, True)
    absent = real("cut", "blocks.png", "--model", "things", "--pick", "zebra", "-o", "cut.png")
    assert absent.code == 4


def test_a_click_from_the_command_line(real: Run) -> None:
    Path("encoder.onnx").write_bytes(shrinking("hwc"))
    Path("decoder.onnx").write_bytes(clicked_decoder())
    alone = real("models", "add", "encoder.onnx", "--like", "mobile-sam", "--name", "clicks")
    assert (alone.code, "give it with --decoder" in alone.error) == (6, True)
    words = ("models", "add", "encoder.onnx", "--like", "mobile-sam", "--decoder", "decoder.onnx", "--name", "clicks")
    assert real(*words).code == 0
    assert real("models", "verify", "clicks").code == 0
    words = ("cut", "blocks.png", "--model", "clicks", "-o", "cut.png", "--overwrite")
    assert real(*words, "--keep", "250,110").code == 0
    assert alpha_box("cut.png") == pytest.approx(GREEN, abs=2)
    unasked = real(*words)
    assert (unasked.code, "mark it with --keep" in unasked.error) == (2, True)
    assert "free again" in real("models", "remove", "clicks").out


def test_a_decoder_is_for_those_who_have_one(real: Run) -> None:
    Path("mine.onnx").write_bytes(shrinking())
    refused = real("models", "add", "mine.onnx", "--like", "u2net", "--decoder", "mine.onnx")
    assert (refused.code, "leave out --decoder" in refused.error) == (6, True)


def test_shapes_are_listed_and_are_no_models(real: Run) -> None:
    listed = real("models", "shapes").out
    for name in ("maskrcnn-torchvision", "mask2former-coco", "segmenter-ade", "deeplabv3-voc"):
        assert name in listed
    assert json.loads(real("models", "shapes", "--json").out.splitlines()[0])["weights"] == ""
    assert real("cut", "blocks.png", "--model", "segmenter-ade").code == 6


def test_the_second_run_needs_no_network(real: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked with another background, the answer comes from disk: the weights are gone, and it does not matter."""
    monkeypatch.delenv("MATTEBOX_CACHE", raising=False)
    zoo_detector(real)
    words = ("cut", "blocks.png", "--model", "things", "--pick", "person", "--overwrite")
    assert real(*words, "-o", "one.png").code == 0
    kept = json.loads(real("cache", "--json").out)
    assert kept["entries"] == 1
    assert 0 < kept["bytes"] < 100_000
    from mattebox.models import matte_session, result_cache
    from mattebox.models.runtime import inference

    monkeypatch.setattr(result_cache, "shared_cache", result_cache.ResultCache())
    matte_session.open_session.clear()
    monkeypatch.setattr(inference.onnx_runtime, "create_session", guard(inference.onnx_runtime.create_session))
    assert real(*words, "--background", "white", "-o", "two.png").code == 0
    monkeypatch.setattr(result_cache, "shared_cache", result_cache.ResultCache())
    afresh = real(*words, "--background", "white", "-o", "two.png", "--no-cache")
    assert (afresh.code, "model things was started" in afresh.err) == (70, True)
    assert real("cache", "--clear").out.endswith(": 0 answers, 0.0 MB\n")


def guard(create_session: Callable[..., object]) -> Callable[..., object]:
    """The runtime's sessions, refused for models; pixel kernels may have them."""

    def guarded(content: bytes, label: str, *more: object) -> object:
        assert not label.startswith("model "), f"{label} was started"
        return create_session(content, label, *more)

    return guarded
