"""Monocular depth networks by card: what they are fed and answer, relative and in metres; added, named, refused."""

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import pytest

import mattebox as mb
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card, Licence
from mattebox.models.cards.registry import find_card, find_template_or_card
from mattebox.models.cards.tensor_spec import Input, Output
from mattebox.models.depth_network import DepthNetwork
from mattebox.models.store.install import add_model
from mattebox.types import Picture
from tests.models.onnx import model, node, number, numbers, tensor, value

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def brightness_network(scale: float = 1.0) -> bytes:
    """The contract of Depth Anything and MiDaS: 1 x 3 x H x W normalised colours in, 1 x H x W out: their mean."""
    nodes = [
        node("ReduceMean", ["pixel_values"], ["mean"], numbers("axes", 1), number("keepdims", 0)),
        node("Mul", ["mean", "scale"], ["predicted_depth"]),
    ]
    return model(nodes, [value("pixel_values", 4)], [value("predicted_depth", 3)], [tensor("scale", np.array([scale]))])


def card_of(content: bytes, folder: Path, **changes: object) -> Card:
    (folder / "made.onnx").write_bytes(content)
    card = Card(
        name="made", task="depth", architecture="mean", summary="brighter is nearer", weights="made.onnx",
        licence=Licence("MIT", commercial=True), input=Input(side=56, multiple=14, fit="short"),
        output=Output(values="nearness"), sha256=hashlib.sha256(content).hexdigest(), folder=str(folder),
    )  # fmt: skip
    return msgspec.structs.replace(card, **changes)


RAMP = Picture(np.repeat(np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None, :, None], 60, 0), 3, 2))  # 60 x 120


def test_the_input_is_in_multiples_of_patches_and_normalised(tmp_path: Path) -> None:
    seen = []
    network = DepthNetwork.open(card_of(brightness_network(), tmp_path), "cpu")
    run = network._run

    def record(x: np.ndarray) -> np.ndarray:
        seen.append(x)
        return run(x)

    depth = DepthNetwork(network.card, record, "cpu").estimate(RAMP)
    (x,) = seen
    assert x.shape == (1, 3, 56, 112)
    assert depth.inverse_depth.shape == (56, 112)
    middle = (0.5 * 238 / 255 - np.array(MEAN)) / np.array(STD)
    assert x[0].mean((1, 2)) == pytest.approx(middle, abs=0.02)
    assert (depth.source, depth.unit) == ("network", "relative")
    assert depth.nearness()[:, 0].mean() < 0.05
    assert depth.nearness()[:, -1].mean() > 0.95


def test_metres_become_inverse_depth(tmp_path: Path) -> None:
    plain = Input(side=56, multiple=14, fit="short", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    card = card_of(brightness_network(10.0), tmp_path, input=plain, output=Output(values="metres"))
    depth = DepthNetwork.open(card, "cpu").estimate(Picture(np.full((60, 60, 3), 51, np.uint8)))
    assert depth.unit == "1/m"
    assert depth.inverse_depth == pytest.approx(np.full((56, 56), 0.5), rel=1e-4)  # 2 metres


def test_answers_that_are_no_depth_are_refused(tmp_path: Path) -> None:
    three = model([node("Identity", ["x"], ["y"])], [value("x", 4)], [value("y", 4)], [])
    with pytest.raises(ModelError, match="gave no depth"):
        DepthNetwork.open(card_of(three, tmp_path), "cpu").estimate(RAMP)
    with pytest.raises(ModelError, match="gave no depth"):
        DepthNetwork.open(card_of(brightness_network(float("inf")), tmp_path), "cpu").estimate(RAMP)


def test_models_of_another_task_are_refused() -> None:
    with pytest.raises(ModelError, match="is for cutout, not depth"):
        DepthNetwork.open("u2netp")
    with pytest.raises(ModelError, match="midas-small is not here|pull"):
        mb.depth(RAMP, model="midas-small")
    with pytest.raises(ModelError, match="pull"):
        mb.enhance(RAMP, bokeh=2, bokeh_depth="depth-anything-v2-small")
    with pytest.raises(ModelError, match="is for depth"):
        mb.cut(RAMP, model="midas-small")


def test_an_added_network_tells_depth_and_blurs_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "home"))
    (tmp_path / "bright.onnx").write_bytes(brightness_network())
    add_model(tmp_path / "bright.onnx", find_card("depth-anything-v2-small"))
    picture = Picture(np.tile(RAMP.rgb, (5, 5, 1))[:300, :600])
    depth = mb.depth(picture, model="bright")
    assert depth.source == "network"
    assert depth.inverse_depth.shape == (518, 1036)
    blurred = mb.enhance(picture, bokeh=2, bokeh_focus=(300, 150), bokeh_depth="bright", bokeh_grain=0).picture
    assert not np.array_equal(blurred.rgb, picture.rgb)
    near = mb.enhance(picture, exposure=1.0, light_only="near", distance_depth="bright").picture
    assert (near.rgb[picture.rgb < 20] == picture.rgb[picture.rgb < 20]).mean() > 0.9
    assert find_template_or_card("depth-metres").is_template
