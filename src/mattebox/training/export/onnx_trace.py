"""Tracing of torch networks to ONNX graphs, with weights in float16."""

from __future__ import annotations

import io
import warnings
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from mattebox.training.export.onnx_compression import store_as_float16

DynamicAxes = dict[str, dict[int, str]]

OPSET_VERSION = 17
SHAPE_PROPERTY = "shape"  # metadata property of a graph: its network's shape as JSON, as in a recipe


def trace_to_onnx(
    net: nn.Module,
    example_inputs: tuple[Tensor, ...],
    input_names: list[str],
    output_names: list[str],
    axes: DynamicAxes,
    **exporter_options: Any,
) -> onnx.ModelProto:
    """Trace a network to an ONNX graph.

    Parameters
    ----------
    net : Module
        The network; put into evaluation mode.
    example_inputs : tuple of Tensor
        Inputs to trace it with.
    input_names, output_names : list of str
        Names of the graph's inputs and outputs.
    axes : dict
        Dynamic axes: the name of an input or output -> axis -> name of its size.
    **exporter_options
        Further options of `torch.onnx.export`.

    Returns
    -------
    ModelProto
        The graph, large weights stored in float16.
    """
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the new exporter needs onnxscript, and gives larger graphs
        torch.onnx.export(
            net.eval(), example_inputs, file, input_names=input_names, output_names=output_names, dynamic_axes=axes,
            opset_version=OPSET_VERSION, dynamo=False, **exporter_options,
        )  # fmt: skip
    return store_as_float16(onnx.load_from_string(file.getvalue()))


def dynamic_image_axes(*names: str) -> DynamicAxes:
    """Dynamic batch, height and width of images N x C x H x W."""
    return {name: {0: "batch", 2: "height", 3: "width"} for name in names}
