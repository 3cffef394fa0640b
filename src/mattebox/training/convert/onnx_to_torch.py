"""A card's ONNX weights back in a trainable network, for fine-tuning without the checkpoint they came from.

Export folds each batch normalisation into its convolution. Here the folded weights go into the convolution, and the
normalisation gets the statistics it sees on a batch of pictures, with scale and shift that undo it: the network
answers as the card does, and can be trained on. Filters get the size that filters begin with, which the normalisation
takes back: folded ones are small, and a step of any length would be a leap for them. Weights of int8 are taken for what
they stand for. Knows nothing of training.
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
from mattebox.types import Floats

SHAPE_PROPERTY = "shape"  # the property of a graph that says its network's shape, as a recipe has it


def load_onnx_weights(card: Card, net: nn.Module, pictures: Tensor) -> None:
    """Load a card's weights into a network of its shape, layer by layer in the order they run.

    `pictures` N x 3 x H x W are normalised inputs. ModelError when the shapes differ.
    """
    graph = onnx.load_from_string(weight_store.read_weights(card)).graph
    values = dict(iterate_constants(graph))
    nodes = [n for n in graph.node if n.op_type == "Conv"]
    pairs = _convolutions_in_order(net, pictures[:1])
    known = net.state_dict()
    named = {k.removeprefix("net."): v for k, v in values.items() if k.removeprefix("net.") in known}
    if [tuple(values[n.input[1]].shape) for n in nodes] != [tuple(c.weight.shape) for c, _ in pairs] or any(
        known[name].shape != value.shape for name, value in named.items()
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
    """The shape that a card's graph says it has, as a recipe has it; nothing where it does not say."""
    told = {prop.key: prop.value for prop in onnx.load_from_string(weight_store.read_weights(card)).metadata_props}
    shape: dict[str, Any] = json.loads(told.get(SHAPE_PROPERTY, "{}"))
    return shape


def iterate_constants(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    """Initialisers in float32, under the name the graph uses: those stored in float16 have a Cast behind them, those in
    int8 and int32 a DequantizeLinear."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    cast = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Cast"}
    for name, value in stored.items():
        if value.dtype.kind == "f":
            yield cast.get(name, name), torch.tensor(value, dtype=torch.float32)
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in stored:
            yield node.output[0], torch.tensor(_dequantise(*(stored[name] for name in node.input)))


def _dequantise(integers: NDArray[Any], scale: Floats, zero_point: NDArray[Any] | None = None) -> Floats:
    """What whole numbers stand for, by a scale for all or one for each of the first axis."""
    along = (-1, *(1 for _ in integers.shape[1:])) if scale.size > 1 else ()
    middle = 0 if zero_point is None else zero_point.astype(np.float32).reshape(along)
    made: Floats = ((integers - middle) * scale.reshape(along)).astype(np.float32)
    return made


def _convolutions_in_order(net: nn.Module, picture: Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Convolutions in the order they run, each with the batch normalisation right behind it, if there is one."""
    ran: list[nn.Module] = []
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    hooks = [m.register_forward_hook(lambda layer, *_: ran.append(layer)) for m in layers]
    with torch.no_grad():
        net.eval()(picture)
    for hook in hooks:
        hook.remove()
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d | None]] = []
    for one, two in pairwise([*ran, None]):
        if isinstance(one, nn.Conv2d):
            pairs.append((one, two if isinstance(two, nn.BatchNorm2d) and one.bias is None else None))
    return pairs


def _neutralising_hook(bias: Tensor) -> Callable[[nn.BatchNorm2d, tuple[Tensor]], None]:
    """A hook that gives a normalisation its input's statistics, and lets it add `bias` and nothing else."""

    def settle(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(bias + mean)

    return settle


@torch.no_grad()
def _rescale_filters(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Filters of the size of He et al. (2015) at the start; what follows the normalisation stays as it is."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    weight = convolution.weight
    wanted = (2 / weight[0].numel()) ** 0.5
    times = (wanted / weight.square().mean((1, 2, 3)).sqrt().clamp_min(1e-6)).clamp_max(1e3)
    norm.weight.div_((norm.running_var + norm.eps).sqrt())
    weight.mul_(times[:, None, None, None])
    norm.running_mean.mul_(times)
    norm.running_var.mul_(times.square())
    norm.weight.mul_((norm.running_var + norm.eps).sqrt() / times)
