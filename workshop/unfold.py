"""A card's ONNX weights back in a trainable network, for fine-tuning without the checkpoint they came from.

Export folds each batch normalisation into its convolution. Here the folded weights go into the convolution, and the
normalisation gets the statistics it sees on a batch of pictures, with scale and shift that undo it: the network
answers as the card does, and can be trained on. Knows nothing of training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from mattebox.errors import ModelError
from mattebox.zoo import store
from mattebox.zoo.card import Card


def unfold(card: Card, net: nn.Module, pictures: Tensor) -> None:
    """Load a card's weights into a CutNet of its shape; `pictures` N x 3 x H x W are normalised inputs."""
    graph = onnx.load_from_string(store.read(card)).graph
    values = dict(constants(graph))
    named = {k.removeprefix("net."): v for k, v in values.items() if k.startswith("net.")}
    folded = [n for n in graph.node if n.op_type == "Conv" and not n.input[1].startswith("net.")]
    pairs = list(_normalised(net, pictures))
    shapes = [tuple(values[n.input[1]].shape) for n in folded]
    known = net.state_dict()
    if shapes != [tuple(c.weight.shape) for c, _ in pairs] or any(
        name not in known or known[name].shape != value.shape for name, value in named.items()
    ):
        raise ModelError(
            f"model {card.name} has another shape than the recipe", f"copy [shape] from {card.recipe or 'its recipe'}"
        )
    net.load_state_dict(named, strict=False)
    hooks = []
    for (convolution, norm), node in zip(pairs, folded, strict=True):
        with torch.no_grad():
            convolution.weight.copy_(values[node.input[1]])
        hooks.append(norm.register_forward_pre_hook(_neutral(values[node.input[2]].to(pictures.device))))
    with torch.no_grad():
        net.eval()(pictures)
    for hook in hooks:
        hook.remove()


def constants(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    """Initialisers in float32, under the name the graph uses: those stored in float16 have a Cast behind them."""
    cast = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Cast"}
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype.kind == "f":
            yield cast.get(tensor.name, tensor.name), torch.tensor(value, dtype=torch.float32)


def _normalised(net: nn.Module, pictures: Tensor) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Convolutions with a batch normalisation right behind them, in the order they run."""
    order: list[nn.Module] = []
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    hooks = [m.register_forward_hook(lambda layer, *_: order.append(layer)) for m in layers]
    with torch.no_grad():
        net.eval()(pictures[:1])
    for hook in hooks:
        hook.remove()
    for one, two in pairwise(order):
        if isinstance(one, nn.Conv2d) and isinstance(two, nn.BatchNorm2d) and one.bias is None:
            yield one, two


def _neutral(bias: Tensor) -> Callable[[nn.BatchNorm2d, tuple[Tensor]], None]:
    """A hook that gives a normalisation its input's statistics, and lets it add `bias` and nothing else."""

    def settle(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(bias + mean)

    return settle
