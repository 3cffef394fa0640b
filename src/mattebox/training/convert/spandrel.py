"""Conversion of published restoration networks (SwinIR, HAT, SCUNet, NAFNet ...) to ONNX, by spandrel.

Used by `mattebox models pull` and `add`, like `esrgan`. spandrel detects the architecture from the names and shapes of
the weights. Networks with window attention are traced for squares of one size only: `fixed` in their cards.
"""

from __future__ import annotations

import torch
from torch import nn

from mattebox.errors import ModelError
from mattebox.training.convert.safe_load import StateDict, read_state_dict
from mattebox.training.export.onnx_trace import trace_to_onnx

INPUT_SIDE_PIXELS = 256  # `fixed` in the cards


def convert_to_onnx(content: bytes) -> bytes:
    """Convert a .pth or .safetensors file to an ONNX graph of squares of `INPUT_SIDE_PIXELS`; ModelError."""
    net = network_from_weights(read_state_dict(content))
    example = torch.zeros(1, 3, INPUT_SIDE_PIXELS, INPUT_SIDE_PIXELS)
    model = trace_to_onnx(net, (example,), ["picture"], ["better"], {}, do_constant_folding=False)
    return bytes(model.SerializeToString())


def network_from_weights(state: StateDict) -> nn.Module:
    """The network of a state dict; ModelError if spandrel does not know it, or it does not map RGB to RGB."""
    try:
        from spandrel import MAIN_REGISTRY, UnsupportedModelError
    except ImportError as error:
        raise ModelError(
            f"spandrel cannot be loaded ({error}), which knows published networks", 'pip install "mattebox[convert]"'
        ) from error
    try:
        descriptor = MAIN_REGISTRY.load(state)
    except (UnsupportedModelError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"the weights are of no network that is known ({' '.join(str(error).split())[:120]})",
            "convert them to ONNX with the program they come from, then: mattebox models add my.onnx --like up4-1",
        ) from error
    if (descriptor.input_channels, descriptor.output_channels) != (3, 3):
        raise ModelError(
            f"the network takes {descriptor.input_channels} channels and gives {descriptor.output_channels}",
            "choose one of colours",
        )
    net: nn.Module = descriptor.model.float().eval()
    return net
