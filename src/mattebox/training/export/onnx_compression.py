"""Compression of ONNX graphs: large constants in float16, short names, no zero points of biases.

A graph computes in float32 even with constants in float16: runtimes fold the Casts when they load it.
"""

from __future__ import annotations

from itertools import count

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

MIN_FLOAT16_VALUES = 64  # constants of fewer values are not worth a Cast
NETWORK_PREFIX = "net."  # of the names of a network's weights in exported graphs
QUANTISATION_OPS = ("QuantizeLinear", "DequantizeLinear")  # their scales stay in float32


def store_as_float16(model: ModelProto) -> ModelProto:
    """Store large float32 constants in float16 with a Cast each; quantisation scales stay. In place."""
    scales = {name for node in model.graph.node if node.op_type in QUANTISATION_OPS for name in node.input}
    initializers, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < MIN_FLOAT16_VALUES or tensor.name in scales:
            initializers.append(tensor)
            continue
        small = f"{tensor.name}.half"
        initializers.append(numpy_helper.from_array(values.astype(np.float16), small))
        casts.append(helper.make_node("Cast", [small], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(initializers)
    model.graph.node.extend([*casts, *nodes])
    checker.check_model(model)
    return model


def restore_float32(model: ModelProto) -> ModelProto:
    """Undo `store_as_float16`: constants in float32, without Casts. In place."""
    halves = {t.name: t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT16}
    casts = [n for n in model.graph.node if n.op_type == "Cast" and n.input[0] in halves]
    for cast in casts:
        values = numpy_helper.to_array(halves[cast.input[0]]).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, cast.output[0]))
        model.graph.node.remove(cast)
    for name in {cast.input[0] for cast in casts}:
        model.graph.initializer.remove(halves[name])
    return model


def compress_graph(model: ModelProto) -> ModelProto:
    """Compress a graph in place: constants in float16, no zero points of biases, short names.

    Inputs, outputs and a network's weights keep their names, by which
    `mattebox.training.convert.onnx_to_torch` finds them.
    """
    _remove_zero_points(model)
    store_as_float16(model)
    del model.graph.value_info[:]
    _shorten_names(model)
    checker.check_model(model)
    return model


def _remove_zero_points(model: ModelProto) -> None:
    """Remove zero points that are all zero: those of biases, int32 and symmetric."""
    zeros = {t.name for t in model.graph.initializer if t.data_type == TensorProto.INT32 and _is_all_zero(t)}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and len(node.input) == 3 and node.input[2] in zeros:
            del node.input[2]
    used = {name for node in model.graph.node for name in node.input}
    for tensor in [t for t in model.graph.initializer if t.name not in used]:
        model.graph.initializer.remove(tensor)


def _is_all_zero(tensor: TensorProto) -> bool:
    return not numpy_helper.to_array(tensor).any()


def _shorten_names(model: ModelProto) -> None:
    graph, fresh = model.graph, count()
    short = {value.name: value.name for value in [*graph.input, *graph.output]} | {"": ""}

    def name(old: str) -> str:
        if old.startswith(NETWORK_PREFIX):
            return old
        return short[old] if old in short else short.setdefault(old, f"{next(fresh):x}")

    for tensor in graph.initializer:
        tensor.name = name(tensor.name)
    for node in graph.node:
        _rename_node(node, [name(x) for x in node.input], [name(x) for x in node.output])


def _rename_node(node: NodeProto, inputs: list[str], outputs: list[str]) -> None:
    node.name, node.doc_string = "", ""
    del node.input[:], node.output[:]
    node.input.extend(inputs)
    node.output.extend(outputs)
