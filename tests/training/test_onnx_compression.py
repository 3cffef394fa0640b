"""Compressed graphs give the same output. Needs onnx, which no lock installs."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.models.matte_session import Session
from mattebox.models.store import weight_store
from tests.fakes import FLOAT, OURS

onnx = pytest.importorskip("onnx", reason="onnx is not part of the test lock")

X = np.random.default_rng(0).standard_normal((1, 3, 64, 96)).astype(np.float32)


def embedded(name: str) -> onnx.ModelProto:
    return onnx.load_from_string(weight_store.read_weights(Session.open_lazily(name, "cpu").card))


def run_graph(model: onnx.ModelProto) -> np.ndarray:
    import onnxruntime as ort

    started = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(started.run(None, {model.graph.input[0].name: X})[0])


def kinds(model: onnx.ModelProto) -> set[int]:
    return {t.data_type for t in model.graph.initializer}


def test_float32_and_float16_storage_give_the_same_output() -> None:
    from mattebox.training.export.onnx_compression import restore_float32, store_as_float16

    before = run_graph(embedded(FLOAT))
    plain = restore_float32(embedded(FLOAT))
    assert onnx.TensorProto.FLOAT16 not in kinds(plain)
    np.testing.assert_allclose(run_graph(plain), before, atol=1e-5)
    assert onnx.TensorProto.FLOAT16 in kinds(store_as_float16(plain))
    np.testing.assert_allclose(run_graph(plain), before, atol=1e-3)  # but presence, kept in float32 until now


@pytest.mark.parametrize("name", [FLOAT, OURS])
def test_compressed_graphs_keep_scales_and_output(name: str) -> None:
    from mattebox.training.export.onnx_compression import QUANTISATION_OPS, compress_graph

    model = embedded(name)
    before, size = run_graph(model), len(model.SerializeToString())
    ends = [model.graph.input[0].name, model.graph.output[0].name]
    compressed = compress_graph(model)
    assert [compressed.graph.input[0].name, compressed.graph.output[0].name] == ends
    scales = {node.input[1] for node in compressed.graph.node if node.op_type in QUANTISATION_OPS}
    assert onnx.TensorProto.FLOAT16 not in {t.data_type for t in compressed.graph.initializer if t.name in scales}
    assert len(compressed.SerializeToString()) <= size - (
        40_000 if name == FLOAT else 0
    )  # the int8 one is compressed already
    np.testing.assert_allclose(run_graph(compressed), before, atol=1e-3)
