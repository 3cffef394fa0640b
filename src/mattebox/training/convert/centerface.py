"""Published weights of CenterFace (Xu et al. 2019; MIT) as the beginning of a detector of ours.

Its encoder down to 1/16, its decoder and its outputs for faces are taken over; the layers at 1/32, for large faces, are
replaced by the mean of what they add. What the detector has besides (further channels, other kinds) begins at random
and changes nothing of what is taken over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from mattebox.errors import InputUnreadable
from mattebox.training.networks.detection_network import DetectionNet

PIXEL_PEAK = 255.0  # its input is in bytes, ours 0..1
SKIPPED_CONVOLUTIONS = 13  # those at 1/32: four blocks, the last of them to 320 channels, and its reduction
BATCH_NORM_EPSILON = 1e-5


def load_centerface_weights(net: DetectionNet, file: Path) -> None:
    """Load CenterFace's ONNX file into a new network, in place. InputUnreadable where it is another network."""
    try:
        graph = onnx.load(file).graph
        constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        _load_graph(net, graph, constants)
    except (OSError, KeyError, ValueError, IndexError, RuntimeError, StopIteration) as error:
        raise InputUnreadable(f"{file}: not CenterFace ({error})", "give centerface.onnx of its authors") from error


@torch.no_grad()
def _load_graph(net: DetectionNet, graph: onnx.GraphProto, constants: dict[str, NDArray[np.float32]]) -> None:
    convolutions = (n for n in graph.node if n.op_type == "Conv")
    layers = _encoder_layers(net)
    for layer in layers:
        _copy(layer, *_parameters(next(convolutions), constants))
    net.stem.weight *= PIXEL_PEAK
    for _ in range(SKIPPED_CONVOLUTIONS):
        next(convolutions)
    for lateral in reversed(net.laterals):
        _copy(lateral, *_parameters(next(convolutions), constants))
    first, *rises = _transposed_layers(graph, constants)
    net.context[:, : len(first[1])] = torch.from_numpy(np.maximum(first[1], 0))[None, :, None, None]
    for rise, (weight, bias) in zip(net.rises, rises, strict=True):
        _copy(rise, weight, bias)
    for layer in (net.head, net.score, net.size, net.offset, net.landmark):
        _copy(layer, *_parameters(next(convolutions), constants))


def _encoder_layers(net: DetectionNet) -> Iterator[nn.Module]:
    yield from (net.stem, net.stem_depthwise, net.stem_project)
    for block in net.blocks:
        yield from (block.expand, block.depthwise, block.project)


def _parameters(node: onnx.NodeProto, constants: dict[str, NDArray[np.float32]]) -> tuple[np.ndarray, np.ndarray]:
    weight = constants[node.input[1]]
    return weight, constants[node.input[2]] if len(node.input) > 2 else np.zeros(len(weight), np.float32)


def _transposed_layers(
    graph: onnx.GraphProto, constants: dict[str, NDArray[np.float32]]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weight and bias of each transposed convolution, with the normalisation behind it folded in."""
    layers = []
    for node, norm in zip(graph.node, list(graph.node)[1:], strict=False):
        if node.op_type == "ConvTranspose":
            weight = constants[node.input[1]]
            bias = constants[node.input[2]] if len(node.input) > 2 else np.zeros(weight.shape[1], np.float32)
            scale, shift, mean, variance = (constants[name] for name in norm.input[1:5])
            gain = scale / np.sqrt(variance + BATCH_NORM_EPSILON)
            layers.append((weight * gain[None, :, None, None], (bias - mean) * gain + shift))
    return layers


def _copy(layer: nn.Module, weight: np.ndarray, bias: np.ndarray) -> None:
    """Put weights into the first channels of a layer; what it has besides does not reach them."""
    own: Tensor = layer.weight
    rows, columns = weight.shape[:2]
    if own.shape[2:] != weight.shape[2:] or rows > own.shape[0] or columns > own.shape[1]:
        raise ValueError(f"a layer is {weight.shape}, and {tuple(own.shape)} was expected")
    if isinstance(layer, nn.ConvTranspose2d):  # inputs before outputs
        own[rows:, :columns] = 0
        layer.bias[:columns] = torch.from_numpy(bias.copy())
    else:
        own[:rows, columns:] = 0
        layer.bias[:rows] = torch.from_numpy(bias.copy())
    own[:rows, :columns] = torch.from_numpy(weight.copy())
