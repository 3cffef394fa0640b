"""Platt scaling in a network's graph: alpha's logits are scaled and shifted, presence is not."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import ModelError

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper  # noqa: E402

from mattebox.training.export.platt_scaling import scale_alpha, scale_logits  # noqa: E402


def make_model(operator: str) -> onnx.ModelProto:
    shape = [1, 2, 3, 4]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("logits", "said")]
    node = helper.make_node(operator, ["logits"], ["said"])
    graph = helper.make_graph([node], "network", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_alpha_is_scaled_and_presence_is_not() -> None:
    import onnxruntime as ort

    model = scale_logits(make_model("Sigmoid"), 1.3, -1.0)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    logits = np.random.default_rng(3).normal(0, 3, (1, 2, 3, 4)).astype(np.float32)
    (said,) = session.run(None, {"logits": logits})
    plain = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(said[0, 0], 1 / (1 + np.exp(-(1.3 * logits[0, 0] - 1))), atol=1e-6)
    np.testing.assert_allclose(said[0, 0], scale_alpha(plain[0, 0], 1.3, -1.0), atol=5e-4)
    np.testing.assert_allclose(said[0, 1], plain[0, 1], atol=1e-6)


def test_a_graph_without_a_sigmoid_is_refused() -> None:
    with pytest.raises(ModelError, match="does not end in a sigmoid"):
        scale_logits(make_model("Relu"), 1.0, -1.0)
