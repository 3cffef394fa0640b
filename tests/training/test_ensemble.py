"""Ensembles: the mean of the networks' logits, and networks that cannot be merged. Needs onnx."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not part of the test lock")

import onnxruntime as ort  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

import mattebox as mb  # noqa: E402
from mattebox.errors import ModelError, UsageError  # noqa: E402
from mattebox.models.cards.card import load_card  # noqa: E402
from mattebox.models.cards.registry import find_card  # noqa: E402
from mattebox.models.cards.tensor_spec import Input  # noqa: E402
from mattebox.models.matte_session import Session  # noqa: E402
from mattebox.training.export.ensemble import build_ensemble, merge_graphs  # noqa: E402
from mattebox.training.export.input_adapter import adapt_input  # noqa: E402
from tests.fakes import FLOAT  # noqa: E402
from tests.training.test_cutout_evaluation import material  # noqa: E402


def network(channel: int, planes: int = 2, opset: int = 17) -> onnx.ModelProto:
    """A network that gives one channel of the picture in every plane."""
    kind, sides = onnx.TensorProto.FLOAT, ["batch", 3, "height", "width"]
    chosen = numpy_helper.from_array(np.array([channel] * planes), "chosen")
    graph = helper.make_graph(
        [helper.make_node("Gather", ["picture", "chosen"], ["said"], axis=1)], "network",
        [helper.make_tensor_value_info("picture", kind, sides)],
        [helper.make_tensor_value_info("said", kind, ["batch", planes, "height", "width"])], [chosen],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def test_output_is_the_mean_of_the_logits() -> None:
    model = merge_graphs([network(0), network(2)], [3, 1], logit_scale=2)
    x = np.random.default_rng(0).uniform(0.01, 0.99, (2, 3, 4, 5)).astype(np.float32)
    (y,) = ort.InferenceSession(model.SerializeToString()).run(None, {"picture": x})
    mean = (0.75 * np.log(x / (1 - x))[:, :1] + 0.25 * np.log(x / (1 - x))[:, 2:]) * np.array([[[[2]], [[1]]]])
    np.testing.assert_allclose(y, 1 / (1 + np.exp(-mean)), atol=1e-5)


def test_the_number_of_threads_changes_no_bit() -> None:
    model = merge_graphs([network(0), network(2)], [3, 1])
    x = np.random.default_rng(0).uniform(0.01, 0.99, (1, 3, 373, 411)).astype(np.float32)
    results = []
    for threads in (1, 3, 5, 7):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        (y,) = ort.InferenceSession(model.SerializeToString(), options).run(None, {"picture": x})
        results.append(y.tobytes())
    assert len(set(results)) == 1


def test_presence_is_the_mean_of_the_networks_that_estimate_it() -> None:
    model = merge_graphs([network(0), network(1, planes=1), network(2)], [1, 3, 2])
    x = np.random.default_rng(0).uniform(0.01, 0.99, (1, 3, 4, 5)).astype(np.float32)
    (y,) = ort.InferenceSession(model.SerializeToString()).run(None, {"picture": x})
    logits = np.log(x / (1 - x))[0]
    alpha, presence = (logits[0] + 3 * logits[1] + 2 * logits[2]) / 6, (logits[0] + 2 * logits[2]) / 3
    np.testing.assert_allclose(y[0], 1 / (1 + np.exp(-np.stack([alpha, presence]))), atol=1e-5)


@pytest.mark.parametrize(("value_range", "expected"), [("brightest", 0.5), ("depth", 0.25)])
def test_squashed_pictures_are_prepared_inside_the_graph(value_range: str, expected: float) -> None:
    own = Input(side=8, fit="squash", range=value_range, mean=(0, 0, 0), std=(1, 1, 1))
    shared = Input(side=20)
    rgb = np.full((2, 16, 24, 3), 0.5, np.float32)
    rgb[..., 1] = 0.25
    x = ((rgb - shared.mean) / shared.std).transpose(0, 3, 1, 2).astype(np.float32)
    model = adapt_input(network(1, planes=1), own, shared)
    (y,) = ort.InferenceSession(model.SerializeToString()).run(None, {"picture": x})
    assert y.shape == (2, 1, 16, 24)
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_certain_outputs_stay_finite() -> None:
    x = np.zeros((1, 3, 2, 2), np.float32)
    x[:, 0] = 1
    (y,) = ort.InferenceSession(merge_graphs([network(0), network(1)], [1, 1]).SerializeToString()).run(
        None, {"picture": x}
    )
    np.testing.assert_allclose(y, 0.5, atol=1e-4)


def test_an_ensemble_of_equal_networks_gives_their_output(tmp_path: Path) -> None:
    card, data = find_card(FLOAT), material(tmp_path / "mine", 20)
    ensemble = load_card(build_ensemble([card, card], [0.5, 0.5], 1, data, tmp_path / "pair.onnx"))
    x = np.random.default_rng(0).standard_normal((1, 3, 64, 96)).astype(np.float32)
    np.testing.assert_allclose(Session.open(ensemble, "cpu").run(x), Session.open(card, "cpu").run(x), atol=2e-3)
    assert ensemble.origin == FLOAT
    assert ensemble.input.looks == 1
    assert ensemble.data == card.data
    counts = {f.what: f.value for f in ensemble.figures}
    assert counts["parameters"] == 2 * {f.what: f.value for f in card.figures}["parameters"]
    assert mb.cut(data / "images/p0.png", model=str(tmp_path / "pair.json"), empty="keep").model == "pair"


def test_networks_that_cannot_be_merged(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="give 2 and 3 planes"):
        merge_graphs([network(0), network(0, planes=3)], [1, 1])
    with pytest.raises(ModelError, match="opsets 15 and 17"):
        merge_graphs([network(0), network(0, opset=15)], [1, 1])
    card, out = find_card(FLOAT), tmp_path / "pair.onnx"
    other = msgspec.structs.replace(card, input=msgspec.structs.replace(card.input, side=512), name="other")
    with pytest.raises(ModelError, match="preprocessing of the networks cannot be converted"):
        build_ensemble([card, other], [1, 1], 1, tmp_path, out)
    for members, weights in (([card], [1.0]), ([card, card], [1.0]), ([card, card], [1.0, 0.0])):
        with pytest.raises(UsageError, match="give two cards or more"):
            build_ensemble(members, weights, 1, tmp_path, out)
    assert not out.exists()
