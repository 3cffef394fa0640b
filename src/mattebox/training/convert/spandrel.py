"""Weights of published networks that see far (SwinIR, HAT, SCUNet, NAFNet ...) -> ONNX, by spandrel's definitions.

Called by `mattebox models pull` and `add`, as `esrgan` is. spandrel tells the architecture by the weights' names and
shapes. Such networks reckon with windows, so that the graph takes squares of one size only: `fixed` in their cards. No
pickle is run: the reader is `tensors`'.
"""

from __future__ import annotations

import torch
from torch import nn

from mattebox.errors import ModelError
from mattebox.training.convert.safe_load import StateDict, read_state_dict
from mattebox.training.export.cutout import trace_to_onnx

INPUT_SIDE_PIXELS = 256  # of the square, in pixels: `fixed` in the cards


def convert_to_onnx(content: bytes) -> bytes:
    """A .pth or .safetensors file as an ONNX graph of squares of SIDE. ModelError."""
    net, given = network_from_weights(read_state_dict(content)), torch.zeros(1, 3, INPUT_SIDE_PIXELS, INPUT_SIDE_PIXELS)
    made: bytes = trace_to_onnx(
        net, (given,), ["picture"], ["better"], {}, do_constant_folding=False
    ).SerializeToString()
    return made


def network_from_weights(state: StateDict) -> nn.Module:
    """The network that has these weights. ModelError when spandrel knows none, or it does not take and give colours."""
    try:
        from spandrel import MAIN_REGISTRY, UnsupportedModelError
    except ImportError as error:
        raise ModelError(
            f"spandrel cannot be loaded ({error}), which knows published networks", 'pip install "mattebox[convert]"'
        ) from error
    try:
        found = MAIN_REGISTRY.load(state)
    except (UnsupportedModelError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"the weights are of no network that is known ({' '.join(str(error).split())[:120]})",
            "convert them to ONNX with the program they come from, then: mattebox models add my.onnx --like up4-1",
        ) from error
    if (found.input_channels, found.output_channels) != (3, 3):
        raise ModelError(
            f"the network takes {found.input_channels} channels and gives {found.output_channels}",
            "choose one of colours",
        )
    net: nn.Module = found.model.float().eval()
    return net
