"""Subject head: the fit on synthetic features, and the plane beside the alpha. Needs onnx."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not part of the test lock")
pytest.importorskip("torch", reason="torch is not part of the test lock")

import onnxruntime as ort  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

from mattebox.errors import ModelError  # noqa: E402
from mattebox.training.core.logistic_regression import sigmoid  # noqa: E402
from mattebox.training.tasks.cutout.subject_head import (  # noqa: E402
    SUBJECT_PRIOR_ODDS,
    add_subject_plane,
    draw_shape_pictures,
    fit_subject_classifier,
    pooled_feature_name,
)


def network() -> onnx.ModelProto:
    """Alpha is the picture's first channel; on its way all three are averaged over the picture."""
    kind, sides = onnx.TensorProto.FLOAT, ["batch", 3, "height", "width"]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[2, 3], keepdims=1),
        helper.make_node("Slice", ["picture", "from", "to", "axis"], ["first"]),
        helper.make_node("ReduceMax", ["mean"], ["unused"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["unused", "nothing"], ["zero"]),
        helper.make_node("Add", ["first", "zero"], ["alpha"]),
    ]
    known = {"from": np.array([0]), "to": np.array([1]), "axis": np.array([1]), "nothing": np.array(0, np.float32)}
    graph = helper.make_graph(
        nodes, "network", [helper.make_tensor_value_info("picture", kind, sides)],
        [helper.make_tensor_value_info("alpha", kind, ["batch", 1, "height", "width"])],
        [numpy_helper.from_array(value, name) for name, value in known.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_the_plane_is_the_regression() -> None:
    weight, bias = np.array([1.0, -2.0, 0.5]), -0.3
    session = ort.InferenceSession(add_subject_plane(network(), weight, bias).SerializeToString())
    x = np.random.default_rng(0).normal(0, 1, (2, 3, 5, 7)).astype(np.float32)
    (y,) = session.run(None, {"picture": x})
    assert y.shape == (2, 2, 5, 7)
    np.testing.assert_array_equal(y[:, :1], x[:, :1])
    likely = sigmoid(x.mean((2, 3)) @ weight + bias)
    np.testing.assert_allclose(y[:, 1], np.broadcast_to(likely[:, None, None], (2, 5, 7)), atol=1e-6)


def test_features_of_an_encoder_are_pooled_before_the_layers_after_it() -> None:
    """Of a LiteNet the encoder's last features are pooled, whatever is averaged later."""
    model = network()
    ones = numpy_helper.from_array(np.full((1, 3, 1, 1), 2, np.float32), "ones")
    model.graph.initializer.append(ones)
    model.graph.node.insert(0, helper.make_node("Mul", ["picture", "ones"], ["features"]))
    layer = helper.make_node("Identity", ["features"], ["narrow"], name="/net/narrow/narrow.0/Conv")
    model.graph.node.insert(1, layer)
    weight = np.array([1.0, -2.0, 0.5])
    session = ort.InferenceSession(add_subject_plane(model, weight, 0.0).SerializeToString())
    x = np.random.default_rng(0).normal(0, 1, (1, 3, 5, 7)).astype(np.float32)
    (y,) = session.run(None, {"picture": x})
    np.testing.assert_allclose(y[0, 1], sigmoid(2 * x.mean((0, 2, 3)) @ weight), atol=1e-6)


def test_a_second_subject_head_is_refused() -> None:
    with pytest.raises(ModelError, match="has a subject head already"):
        pooled_feature_name(add_subject_plane(network(), np.ones(3), 0.0).graph)


def test_the_fit_tells_subjects_from_empty_backgrounds() -> None:
    """Classes weigh the same whatever their sizes; halfway between them the prior decides."""
    rng = np.random.default_rng(0)
    subjects, empties = rng.normal(1, 1, (2000, 4)), rng.normal(-1, 1, (200, 4)) * [1, 1, 1, 5]
    weight, bias = fit_subject_classifier(subjects, empties)
    middle = sigmoid(np.zeros(4) @ weight + bias - np.log(SUBJECT_PRIOR_ODDS))
    assert 0.3 < middle < 0.7
    right = np.r_[
        sigmoid(subjects @ weight + bias - np.log(SUBJECT_PRIOR_ODDS)) > 0.5, sigmoid(empties @ weight + bias) < 0.5
    ]
    assert right.mean() > 0.95
    assert abs(weight[3]) < abs(weight[:3]).min()  # what varies most says least


def test_drawn_shapes_stand_out_from_their_ground() -> None:
    made = draw_shape_pictures(20)
    assert {picture.shape for picture in made} == {(240, 320, 3)}
    assert all(picture.dtype == np.uint8 for picture in made)
    assert np.median([picture.reshape(-1, 3).std(axis=0).max() for picture in made]) > 20
    assert all((a == b).all() for a, b in zip(made, draw_shape_pictures(20), strict=True))
