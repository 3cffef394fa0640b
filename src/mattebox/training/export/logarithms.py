"""Logarithms in ONNX graphs whose values do not depend on the number of threads.

ONNX Runtime divides `Log` among threads at any element, and computes the last elements of each part by another routine,
which may round otherwise. So the same picture gave other bytes on another number of processors. `ReduceLogSum` over an
axis of one element is the same function, and computes each element alone.
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, checker, helper, numpy_helper

AXIS_NAME = "axis_of_one"


def make_logarithms_repeatable(model: ModelProto) -> ModelProto:
    """Replace each `Log` of a graph of opset 13 to 17. In place; returns the graph."""
    graph = model.graph
    nodes, is_changed = [], False
    for node in graph.node:
        if node.op_type != "Log":
            nodes.append(node)
            continue
        is_changed = True
        (x,), (y,) = node.input, node.output
        nodes += [
            helper.make_node("Unsqueeze", [x, AXIS_NAME], [f"{y}_of_one"]),
            helper.make_node("ReduceLogSum", [f"{y}_of_one"], [y], axes=[0], keepdims=0),
        ]
    if not is_changed:
        return model
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.append(numpy_helper.from_array(np.array([0], np.int64), AXIS_NAME))
    checker.check_model(model)
    return model
