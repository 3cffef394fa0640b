"""Loading of a card's ONNX weights into a trainable network, for fine-tuning without its checkpoint.

Export folds each batch normalisation into its convolution. Here the folded weights go into the convolution, and the
normalisation gets the statistics of its input on a batch of pictures, with a scale and shift that undo it: the network
gives the card's output, and can be trained. Then filters are rescaled to the usual norm of initialisation, and the
normalisation to the inverse: a step of the usual length would be too large for the small folded ones. Weights in int8
are dequantised.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.store import weight_store
from mattebox.training.export.onnx_trace import SHAPE_PROPERTY
from mattebox.types import Floats


def load_onnx_weights(card: Card, net: nn.Module, pictures: Tensor) -> None:
    """Load a card's weights into a network of the same shape, layer by layer in the order they run.

    Parameters
    ----------
    card : Card
        Card of the weights.
    net : Module
        The network.
    pictures : Tensor, N x 3 x H x W
        Normalised inputs, for the statistics of the batch normalisations.

    Raises
    ------
    ModelError
        If the network has another shape.
    """
    graph = onnx.load_from_string(weight_store.read_weights(card)).graph
    values = dict(iterate_constants(graph))
    nodes = [n for n in graph.node if n.op_type == "Conv"]
    pairs = _convolutions_in_order(net, pictures[:1])
    state = net.state_dict()
    named = {k.removeprefix("net."): v for k, v in values.items() if k.removeprefix("net.") in state}
    if [tuple(values[n.input[1]].shape) for n in nodes] != [tuple(c.weight.shape) for c, _ in pairs] or any(
        state[name].shape != value.shape for name, value in named.items()
    ):
        raise ModelError(
            f"model {card.name} has another shape than the recipe", f"copy [shape] from {card.recipe or 'its recipe'}"
        )
    net.load_state_dict(named, strict=False)
    hooks = []
    for (convolution, norm), node in zip(pairs, nodes, strict=True):
        bias = values[node.input[2]].to(pictures.device) if len(node.input) > 2 else None
        with torch.no_grad():
            convolution.weight.copy_(values[node.input[1]])
            if norm is None and bias is not None and convolution.bias is not None:
                convolution.bias.copy_(bias)
        if norm is not None and bias is not None:
            hooks.append(norm.register_forward_pre_hook(_neutralising_hook(bias)))
    with torch.no_grad():
        net.eval()(pictures)
    for hook in hooks:
        hook.remove()
    for convolution, norm in pairs:
        if norm is not None:
            _rescale_filters(convolution, norm)


def read_network_shape(card: Card) -> dict[str, Any]:
    """The network's shape in the metadata of a card's graph, as in a recipe; empty if there is none."""
    metadata = {prop.key: prop.value for prop in onnx.load_from_string(weight_store.read_weights(card)).metadata_props}
    shape: dict[str, Any] = json.loads(metadata.get(SHAPE_PROPERTY, "{}"))
    return shape


def iterate_constants(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    """Initialisers in float32, by the names that nodes read.

    Those stored in float16 are read through a Cast, those in int8 and int32 through a DequantizeLinear.
    """
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    cast = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Cast"}
    for name, value in stored.items():
        if value.dtype.kind == "f":
            yield cast.get(name, name), torch.tensor(value, dtype=torch.float32)
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in stored:
            yield node.output[0], torch.tensor(_dequantise(*(stored[name] for name in node.input)))


def _dequantise(integers: NDArray[Any], scale: Floats, zero_point: NDArray[Any] | None = None) -> Floats:
    """Dequantise integers by one scale, or one for each index of the first axis."""
    shape = (-1, *(1 for _ in integers.shape[1:])) if scale.size > 1 else ()
    offset = 0 if zero_point is None else zero_point.astype(np.float32).reshape(shape)
    values: Floats = ((integers - offset) * scale.reshape(shape)).astype(np.float32)
    return values


def _convolutions_in_order(net: nn.Module, picture: Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Convolutions in the order they run, each with the batch normalisation directly after it, if any."""
    calls: list[nn.Module] = []
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    hooks = [m.register_forward_hook(lambda layer, *_: calls.append(layer)) for m in layers]
    with torch.no_grad():
        net.eval()(picture)
    for hook in hooks:
        hook.remove()
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d | None]] = []
    for layer, following in pairwise([*calls, None]):
        if isinstance(layer, nn.Conv2d):
            has_norm = isinstance(following, nn.BatchNorm2d) and layer.bias is None
            pairs.append((layer, following if has_norm else None))
    return pairs


def _neutralising_hook(bias: Tensor) -> Callable[[nn.BatchNorm2d, tuple[Tensor]], None]:
    """A hook that sets a normalisation so that on its input it only adds `bias`."""

    def neutralise(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(bias + mean)

    return neutralise


@torch.no_grad()
def _rescale_filters(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Rescale filters to the initial norm of He et al. (2015); the output of the normalisation stays the same."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    weight = convolution.weight
    target = (2 / weight[0].numel()) ** 0.5
    factors = (target / weight.square().mean((1, 2, 3)).sqrt().clamp_min(1e-6)).clamp_max(1e3)
    norm.weight.div_((norm.running_var + norm.eps).sqrt())
    weight.mul_(factors[:, None, None, None])
    norm.running_mean.mul_(factors)
    norm.running_var.mul_(factors.square())
    norm.weight.mul_((norm.running_var + norm.eps).sqrt() / factors)
