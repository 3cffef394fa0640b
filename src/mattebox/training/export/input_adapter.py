"""Adapts a network's graph to another network's preprocessing, so that both can be merged into an ensemble.

The colours are converted and the picture is resized inside the graph, and so is alpha, back to the picture's size.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import compose, helper, numpy_helper

from mattebox.errors import ModelError
from mattebox.models.cards.tensor_spec import Input

MIN_BRIGHTEST = 1 / 255  # divisor of a black picture
RESIZE_ATTRIBUTES = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}


def adapt_input(model: onnx.ModelProto, own: Input, shared: Input) -> onnx.ModelProto:
    """Let a network that takes squashed pictures of one size take those that another card describes.

    Parameters
    ----------
    model : ModelProto
        A graph from N x 3 x H x W to probabilities N x P x H x W, with opset 13 to 17.
    own : Input
        The preprocessing that it was trained with.
    shared : Input
        The preprocessing that the new graph is to have.

    Returns
    -------
    ModelProto
        A graph that takes pictures of any size and gives probabilities of that size.

    Raises
    ------
    ModelError
        If the graph cannot be adapted.
    """
    if (
        own.fit != "squash"
        or shared.range != "depth"
        or any((s.layout, s.order) != ("nchw", "rgb") for s in (own, shared))
    ):
        raise ModelError("the preprocessing of the networks cannot be converted", "choose networks with the same input")
    inner = compose.add_prefix(model, "inner_").graph
    inner_input, inner_output = inner.input[0].name, inner.output[0]
    planes = inner_output.type.tensor_type.shape.dim[1].dim_value
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [*_input_nodes(own, inner_input), *inner.node, *_output_nodes(inner_output.name)], "adapted",
        [helper.make_tensor_value_info("picture", kind, ["batch", 3, "height", "width"])],
        [helper.make_tensor_value_info("probabilities", kind, ["batch", planes, "height", "width"])],
        [*inner.initializer, *_constants(own, shared)],
    )  # fmt: skip
    adapted = helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)
    onnx.checker.check_model(adapted)
    return adapted


def _constants(own: Input, shared: Input) -> list[onnx.TensorProto]:
    colours = {"shared_std": shared.std, "shared_mean": shared.mean, "own_std": own.std, "own_mean": own.mean}
    sizes = {"zero": [0], "two": [2], "four": [4], "own_size": [own.height or own.side, own.width or own.side]}
    return [
        *(numpy_helper.from_array(np.array(v, np.float32)[:, None, None], name) for name, v in colours.items()),
        *(numpy_helper.from_array(np.array(v, np.int64), name) for name, v in sizes.items()),
        numpy_helper.from_array(np.array(MIN_BRIGHTEST, np.float32), "min_brightest"),
    ]


def _input_nodes(own: Input, inner_input: str) -> list[onnx.NodeProto]:
    """Nodes from the shared preprocessing back to colours of 0..1, to the network's size and to its own values."""
    nodes = [
        helper.make_node("Mul", ["picture", "shared_std"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shared_mean"], ["rgb"]),
        helper.make_node("Shape", ["picture"], ["picture_shape"]),
        helper.make_node("Slice", ["picture_shape", "zero", "two"], ["batch_and_channels"]),
        helper.make_node("Concat", ["batch_and_channels", "own_size"], ["own_shape"], axis=0),
        helper.make_node("Resize", ["rgb", "", "", "own_shape"], ["squashed"], **RESIZE_ATTRIBUTES),
    ]
    colours = "squashed"
    if own.range == "brightest":
        nodes += [
            helper.make_node("ReduceMax", [colours], ["maximum"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Max", ["maximum", "min_brightest"], ["brightest"]),
            helper.make_node("Div", [colours, "brightest"], ["stretched"]),
        ]
        colours = "stretched"
    return [
        *nodes,
        helper.make_node("Sub", [colours, "own_mean"], ["centred"]),
        helper.make_node("Div", ["centred", "own_std"], [inner_input]),
    ]


def _output_nodes(inner_output: str) -> list[onnx.NodeProto]:
    """Nodes that resize the probabilities to the picture's size."""
    return [
        helper.make_node("Slice", ["picture_shape", "two", "four"], ["picture_size"]),
        helper.make_node("Shape", [inner_output], ["inner_shape"]),
        helper.make_node("Slice", ["inner_shape", "zero", "two"], ["batch_and_planes"]),
        helper.make_node("Concat", ["batch_and_planes", "picture_size"], ["output_shape"], axis=0),
        helper.make_node("Resize", [inner_output, "", "", "output_shape"], ["probabilities"], **RESIZE_ATTRIBUTES),
    ]
