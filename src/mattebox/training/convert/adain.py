"""Weights of adaptive instance normalisation (Huang & Belongie, 2017), as naoto0804 publishes them -> ONNX: VGG-19's
first layers, which tell what a picture is like, and the decoder, which paints from that.

Called by `mattebox models pull` for each of the two files; which of them it is, and how wide its layers are, is told by
the weights' names and shapes.
"""

from __future__ import annotations

import torch
from torch import nn

from mattebox.errors import ModelError
from mattebox.training.convert.safe_load import StateDict, read_state_dict
from mattebox.training.export.cutout import dynamic_image_axes, trace_to_onnx

ENCODER_LAYERS, DECODER_LAYERS = (
    (0, 2, 5, 9, 12, 16, 19, 22, 25, 29),
    (1, 5, 8, 11, 14, 18, 21, 25, 28),
)  # numbers of convolutions
POOLING_AFTER_LAYERS, UPSAMPLING_AFTER_LAYERS = (5, 12, 25), (1, 14, 21)  # after these
INPUT_MULTIPLE_PIXELS = 8  # of which sides must be, to come out as they went in


def convert_to_onnx(content: bytes) -> bytes:
    """A .pth or .safetensors file of either as an ONNX graph with free height and width. ModelError."""
    net = network_from_weights(read_state_dict(content))
    given = torch.zeros(1, _first_convolution(net).in_channels, 4 * INPUT_MULTIPLE_PIXELS, 4 * INPUT_MULTIPLE_PIXELS)
    made: bytes = trace_to_onnx(
        net, (given,), ["given"], ["made"], dynamic_image_axes("given", "made")
    ).SerializeToString()
    return made


def network_from_weights(state: StateDict) -> nn.Module:
    """The encoder up to relu4_1, or the decoder. ModelError when it is neither."""
    try:
        if state["0.weight"].shape[2:] == (1, 1):
            return _build_sequential(
                state, ENCODER_LAYERS, POOLING_AFTER_LAYERS, nn.MaxPool2d(2, 2, ceil_mode=True), final_layer=nn.ReLU()
            )
    except KeyError:
        pass
    try:
        return _build_sequential(
            state,
            DECODER_LAYERS,
            UPSAMPLING_AFTER_LAYERS,
            nn.UpsamplingNearest2d(scale_factor=2),
            final_layer=nn.Identity(),
        )
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"the weights are not of adaptive instance normalisation ({' '.join(str(error).split())[:120]})",
            "give vgg_normalised.pth and decoder.pth of naoto0804's release",
        ) from error


def _build_sequential(
    state: StateDict,
    layer_numbers: tuple[int, ...],
    insert_after: tuple[int, ...],
    inserted_layer: nn.Module,
    final_layer: nn.Module,
) -> nn.Module:
    """Convolutions in their order, each mirrored at its rim and rectified; `inserted_layer` after some of them."""
    layers: list[nn.Module] = []
    for number in layer_numbers:
        layers += _convolution_layers(state[f"{number}.weight"].float(), state[f"{number}.bias"].float())
        if number == layer_numbers[-1]:
            layers.append(final_layer)
        elif number > 0:  # VGG's first layer only moves colours
            layers.append(nn.ReLU())
        if number in insert_after:
            layers.append(inserted_layer)
    return nn.Sequential(*layers).eval()


def _convolution_layers(weight: torch.Tensor, bias: torch.Tensor) -> list[nn.Module]:
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return [nn.ReflectionPad2d(1), layer] if weight.shape[2] == 3 else [layer]


def _first_convolution(net: nn.Module) -> nn.Conv2d:
    return next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d))
