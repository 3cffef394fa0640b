"""Mean of networks' weights: exact, whatever their names and number format; other layers are refused. Needs onnx."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not part of the test lock")

import onnxruntime as ort  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

from mattebox.errors import ModelError  # noqa: E402
from mattebox.training.export.onnx_compression import store_as_float16  # noqa: E402
from mattebox.training.export.weight_average import average_graphs  # noqa: E402


def network(value: float, prefix: str, width: int = 4) -> onnx.ModelProto:
    """Two convolutions with all weights alike, which a stored constant comes before."""
    kind, sides = onnx.TensorProto.FLOAT, ["batch", 3, "height", "width"]
    shapes = {"first": (width, 3, 3, 3), "bias": (width,), "last": (1, width, 1, 1)}
    constants = [numpy_helper.from_array(np.full(s, value, np.float32), prefix + n) for n, s in shapes.items()]
    nodes = [
        helper.make_node("Conv", ["picture", prefix + "first", prefix + "bias"], ["middle"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["middle", prefix + "last"], ["alpha"]),
    ]
    inputs = [helper.make_tensor_value_info("picture", kind, sides)]
    outputs = [helper.make_tensor_value_info("alpha", kind, ["batch", 1, "height", "width"])]
    graph = helper.make_graph(nodes, "network", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_weights_are_averaged_in_the_order_of_the_layers() -> None:
    mean = average_graphs([network(2, "a."), store_as_float16(network(4, "b."))], [3, 1])
    x = np.random.default_rng(0).uniform(size=(1, 3, 6, 5)).astype(np.float32)
    expected = ort.InferenceSession(network(2.5, "c.").SerializeToString()).run(None, {"picture": x})[0]
    (y,) = ort.InferenceSession(mean.SerializeToString()).run(None, {"picture": x})
    np.testing.assert_allclose(y, expected, rtol=1e-3)


def test_other_layers_are_refused() -> None:
    with pytest.raises(ModelError, match="differ"):
        average_graphs([network(1, ""), network(1, "", width=5)], [1, 1])
