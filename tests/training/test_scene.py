"""Training of the scene head: names, drawn pictures, the fit, and a card that runs."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from mattebox.errors import InputMissing
from mattebox.models.cards.card import SceneHead
from mattebox.models.scene_classifier import FEATURES_INPUT
from mattebox.training.data.tar_shards import ManifestRow
from mattebox.training.tasks.scene import drawn_graphics, drawn_text, train
from mattebox.training.tasks.scene.labels import find_scene
from mattebox.training.tasks.scene.pictures import OTHER, choose_rows, draw_pictures, find_fonts

FONTS = find_fonts(Path("/usr/share/fonts")) or find_fonts(Path(__import__("matplotlib").get_data_path()) / "fonts")


def row(set_name: str, stem: str, kind: str = "unlabelled") -> ManifestRow:
    return ManifestRow("a.tar", set_name, stem, kind, "train", 1.0, 100, 100)


@pytest.mark.parametrize(
    ("set_name", "stem", "scene"),
    [
        ("flowers17", "image_0001", "plant"),
        ("caltech101_unl", "watch_image_0194", "product"),
        ("caltech101_unl", "nothing_known_image_0194", None),
        ("sketchsearch", "tea_cup_6", "product"),
        ("imagenet_samples_unl", "n02105641_Old_English_sheepdog", "animal"),
        ("imagenet_samples_unl", "n04482393_tricycle", "vehicle"),
        ("imagenet_samples_unl", "n07697537_hotdog", "food"),
        ("imagenet_samples_unl", "n03761084_microwave", "product"),
        ("corel1k", "433", "animal"),
        ("corel1k", "33", None),
        ("some_other_set", "1", None),
    ],
)
def test_names_tell_what_a_picture_shows(set_name: str, stem: str, scene: str | None) -> None:
    assert find_scene(row(set_name, stem)) == scene


def test_sets_take_turns() -> None:
    rows = [row("boats", f"a{i}") for i in range(9)] + [row("cars_jvyou", "b"), row("rooms", "c", "background")]
    chosen = choose_rows(rows, 2)
    assert [(r.set, scene) for r, scene in chosen] == [
        ("rooms", OTHER),
        ("boats", "vehicle"),
        ("cars_jvyou", "vehicle"),
    ]


def test_drawn_pictures_differ_and_repeat() -> None:
    photos = [Image.new("RGB", (60, 40), "orange")]

    def draw(seed: int) -> list[Image.Image]:
        pen = drawn_text.Pen(random.Random(seed), FONTS)
        return [
            drawn_text.draw_document(pen, photos), drawn_text.draw_lettering(pen, photos),
            drawn_graphics.draw_screenshot(pen, photos), drawn_graphics.draw_illustration(pen),
        ]  # fmt: skip

    first, again = draw(3), draw(3)
    assert [a.tobytes() == b.tobytes() for a, b in zip(first, again, strict=True)] == [True] * 4
    assert all(np.asarray(picture).std() > 3 for picture in first)


def test_no_fonts_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="no fonts"):
        next(draw_pictures(tmp_path, [], 1))


def test_the_fit_is_calibrated_and_its_graph_says_the_same(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    targets = np.arange(900) % 3
    features = draw.normal(0, 1, (900, 5)) + 1.5 * np.eye(3, 5)[targets]
    weight, bias = train.fit_softmax_regression(features, targets, 3)
    logits = features @ weight + bias
    shares = train.softmax(logits / train.fit_temperature(logits, targets))
    assert (shares.argmax(1) == targets).mean() > 0.7
    assert train.calibration_error(shares, targets) < 0.06
    assert train.calibration_error(np.eye(3)[(targets + 1) % 3], targets) == pytest.approx(1)
    graph = train.make_graph(weight, bias)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    answer = session.run(None, {FEATURES_INPUT: features.astype(np.float32)})[0]
    assert np.allclose(answer, train.softmax(logits), atol=1e-4)
    out = tmp_path / "mine.onnx"
    out.write_bytes(graph.SerializeToString())
    card = train.make_card(out, SceneHead("fast-4", "", (), 224, ("a", "b", "c")), shares, targets)
    assert (card.task, card.bytes) == ("scene", out.stat().st_size)
    assert {figure.what for figure in card.figures} >= {"recall of a", "accuracy of held-out pictures"}
