"""The same graph in fewer bytes: large float32 constants as float16 behind a Cast, short names, zeros left out.

A graph computes in float32 whatever its constants are stored as: runtimes fold the Casts when they load it. Needs onnx
only; knows nothing of training.
"""

from __future__ import annotations

from itertools import count

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

MIN_FLOAT16_VALUES = 64  # values; fewer are not worth a Cast
NETWORK_PREFIX = "net."  # begins the names of a network's own weights, as `export` writes them
QUANTISATION_OPS = ("QuantizeLinear", "DequantizeLinear")  # runtimes want their scales as they are


def store_as_float16(model: ModelProto) -> ModelProto:
    """Large float32 constants stored as float16 with a Cast behind each; scales of integers stay."""
    scales = {name for node in model.graph.node if node.op_type in QUANTISATION_OPS for name in node.input}
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < MIN_FLOAT16_VALUES or tensor.name in scales:
            kept.append(tensor)
            continue
        small = f"{tensor.name}.half"
        kept.append(numpy_helper.from_array(values.astype(np.float16), small))
        casts.append(helper.make_node("Cast", [small], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*casts, *nodes])
    checker.check_model(model)
    return model


def restore_float32(model: ModelProto) -> ModelProto:
    """What `halved` stored in float16, back in float32 and without its Casts."""
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
    """The graph for those who only run it: `halved`, without the zero points of biases, which are zero, and with names
    of a letter or three instead of those of modules; inputs, outputs and a network's own weights keep theirs, by which
    `unfold` finds them."""
    _remove_zero_points(model)
    store_as_float16(model)
    del model.graph.value_info[:]
    _shorten_names(model)
    checker.check_model(model)
    return model


def _remove_zero_points(model: ModelProto) -> None:
    """Biases are int32 and symmetric: a zero point of as many zeros says nothing."""
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
