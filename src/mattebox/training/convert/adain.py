"""Weights of adaptive instance normalisation (Huang & Belongie, 2017), as naoto0804 publishes them -> ONNX: VGG-19's
first layers, which tell what a picture is like, and the decoder, which paints from that.

Called by `mattebox models pull` for each of the two files; which of them it is, and how wide its layers are, is told by
the weights' names and shapes.
"""

from __future__ import annotations

import torch
from torch import nn

from mattebox.errors import ModelError
from mattebox.training.convert.safe_load import State, state_of
from mattebox.training.export.cutout import free, traced

ENCODER, DECODER = (0, 2, 5, 9, 12, 16, 19, 22, 25, 29), (1, 5, 8, 11, 14, 18, 21, 25, 28)  # numbers of convolutions
POOLED, DOUBLED = (5, 12, 25), (1, 14, 21)  # after these
MULTIPLE = 8  # of which sides must be, to come out as they went in


def converted(content: bytes) -> bytes:
    """A .pth or .safetensors file of either as an ONNX graph with free height and width. ModelError."""
    net = network_of(state_of(content))
    given = torch.zeros(1, _first(net).in_channels, 4 * MULTIPLE, 4 * MULTIPLE)
    made: bytes = traced(net, (given,), ["given"], ["made"], free("given", "made")).SerializeToString()
    return made


def network_of(state: State) -> nn.Module:
    """The encoder up to relu4_1, or the decoder. ModelError when it is neither."""
    try:
        if state["0.weight"].shape[2:] == (1, 1):
            return _chain(state, ENCODER, POOLED, nn.MaxPool2d(2, 2, ceil_mode=True), last=nn.ReLU())
    except KeyError:
        pass
    try:
        return _chain(state, DECODER, DOUBLED, nn.UpsamplingNearest2d(scale_factor=2), last=nn.Identity())
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"the weights are not of adaptive instance normalisation ({' '.join(str(error).split())[:120]})",
            "give vgg_normalised.pth and decoder.pth of naoto0804's release",
        ) from error


def _chain(
    state: State, numbers: tuple[int, ...], after: tuple[int, ...], then: nn.Module, last: nn.Module
) -> nn.Module:
    """Convolutions in their order, each mirrored at its rim and rectified; `then` after some of them."""
    layers: list[nn.Module] = []
    for number in numbers:
        layers += _convolution(state[f"{number}.weight"].float(), state[f"{number}.bias"].float())
        if number == numbers[-1]:
            layers.append(last)
        elif number > 0:  # VGG's first layer only moves colours
            layers.append(nn.ReLU())
        if number in after:
            layers.append(then)
    return nn.Sequential(*layers).eval()


def _convolution(weight: torch.Tensor, bias: torch.Tensor) -> list[nn.Module]:
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return [nn.ReflectionPad2d(1), layer] if weight.shape[2] == 3 else [layer]


def _first(net: nn.Module) -> nn.Conv2d:
    return next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d))
