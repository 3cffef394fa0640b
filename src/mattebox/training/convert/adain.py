"""Conversion of AdaIN style transfer weights (Huang & Belongie 2017) to ONNX.

naoto0804 publishes two files, the first layers of VGG-19 as encoder, and the decoder; `mattebox models pull` converts
each. The names and shapes of the weights say which of them it is, and how wide its layers are.
"""

from __future__ import annotations

import torch
from torch import nn

from mattebox.errors import ModelError
from mattebox.training.convert.safe_load import StateDict, read_state_dict
from mattebox.training.export.onnx_trace import dynamic_image_axes, trace_to_onnx

# numbers of the convolutions
ENCODER_LAYERS, DECODER_LAYERS = (0, 2, 5, 9, 12, 16, 19, 22, 25, 29), (1, 5, 8, 11, 14, 18, 21, 25, 28)
POOLING_AFTER_LAYERS, UPSAMPLING_AFTER_LAYERS = (5, 12, 25), (1, 14, 21)
INPUT_MULTIPLE_PIXELS = 8  # sides must be multiples of this to keep their size


def convert_to_onnx(content: bytes) -> bytes:
    """Convert a .pth or .safetensors file of either to an ONNX graph with dynamic height and width; ModelError."""
    net = network_from_weights(read_state_dict(content))
    side = 4 * INPUT_MULTIPLE_PIXELS
    example = torch.zeros(1, _first_convolution(net).in_channels, side, side)
    model = trace_to_onnx(net, (example,), ["given"], ["made"], dynamic_image_axes("given", "made"))
    return bytes(model.SerializeToString())


def network_from_weights(state: StateDict) -> nn.Module:
    """The encoder up to relu4_1, or the decoder; ModelError if the weights are of neither."""
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
    """Convolutions with reflection padding and ReLU in order, `inserted_layer` after some, `final_layer` at the end."""
    layers: list[nn.Module] = []
    for number in layer_numbers:
        layers += _convolution_layers(state[f"{number}.weight"].float(), state[f"{number}.bias"].float())
        if number == layer_numbers[-1]:
            layers.append(final_layer)
        elif number > 0:  # VGG's first layer only changes colours
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
