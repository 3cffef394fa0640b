"""Conversion of ESRGAN weights to ONNX: RRDBNet (Wang et al. 2018, 2021) and SRVGGNetCompact (Real-ESRGAN, 2021).

Used by `mattebox models pull` and `add` for files that are not ONNX. The names and shapes of the weights say which
network it is.
"""

from __future__ import annotations

import re

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.errors import ModelError
from mattebox.training.convert.safe_load import StateDict, read_state_dict
from mattebox.training.export.onnx_trace import dynamic_image_axes, trace_to_onnx

LEGACY_NAME_PATTERNS = [  # names of the first ESRGAN -> today's
    (r"^model\.0\.", "conv_first."),
    (r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"body.\1.rdb\2.conv\3."),
    (r"^model\.1\.sub\.\d+\.(weight|bias)$", r"conv_body.\1"),
    (r"^model\.3\.", "conv_up1."),
    (r"^model\.6\.", "conv_up2."),
    (r"^model\.8\.", "conv_hr."),
    (r"^model\.10\.", "conv_last."),
]


class ResidualDenseBlock(nn.Module):
    """Five densely connected convolutions; 0.2 of the last is added to the input."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        for i in range(1, 6):
            setattr(self, f"conv{i}", nn.Conv2d(width + (i - 1) * growth, growth if i < 5 else width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for i in range(1, 5):
            features.append(F.leaky_relu(getattr(self, f"conv{i}")(torch.cat(features, 1)), 0.2))
        y: Tensor = x + 0.2 * self.conv5(torch.cat(features, 1))
        return y


class RRDB(nn.Module):
    """Residual in residual dense block."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (ResidualDenseBlock(width, growth) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))
        return y


class RRDBNet(nn.Module):
    """Network of ESRGAN: scale 4, or 2 or 1 with a pixel unshuffle by 2 or 4 first."""

    def __init__(self, width: int, growth: int, blocks: int, unshuffle_factor: int) -> None:
        super().__init__()
        self.unshuffle_factor = unshuffle_factor
        self.conv_first = nn.Conv2d(3 * unshuffle_factor**2, width, 3, padding=1)
        self.body = nn.Sequential(*[RRDB(width, growth) for _ in range(blocks)])
        for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
            setattr(self, name, nn.Conv2d(width, width, 3, padding=1))
        self.conv_last = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if self.unshuffle_factor > 1:
            x = F.pixel_unshuffle(x, self.unshuffle_factor)
        x = self.conv_first(x)
        x = x + self.conv_body(self.body(x))
        for conv in (self.conv_up1, self.conv_up2):
            x = F.leaky_relu(conv(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        y: Tensor = self.conv_last(F.leaky_relu(self.conv_hr(x), 0.2))
        return y


class SRVGGNetCompact(nn.Module):
    """Plain convolutions with PReLU and a pixel shuffle, added to the input upsampled by nearest neighbour."""

    def __init__(self, width: int, convolutions: int, scale: int) -> None:
        super().__init__()
        self.scale, layers = scale, [nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)]
        for _ in range(convolutions):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        self.body = nn.Sequential(*layers, nn.Conv2d(width, 3 * scale**2, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.body(x), self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


def convert_to_onnx(content: bytes) -> bytes:
    """Convert a .pth or .safetensors file to an ONNX graph with dynamic height and width; ModelError."""
    net = network_from_weights(read_state_dict(content))
    axes = dynamic_image_axes("picture", "better")
    return bytes(trace_to_onnx(net, (torch.zeros(1, 3, 32, 32),), ["picture"], ["better"], axes).SerializeToString())


def network_from_weights(state: StateDict) -> nn.Module:
    """The network of a state dict; ModelError if it is not of the ESRGAN family."""
    weights = {_current_name(name): value.float() for name, value in state.items()}
    net: nn.Module
    try:
        if "conv_first.weight" in weights:
            width, inputs = weights["conv_first.weight"].shape[:2]
            blocks = 1 + max(int(n.split(".")[1]) for n in weights if n.startswith("body."))
            growth = weights["body.0.rdb1.conv1.weight"].shape[0]
            net = RRDBNet(width, growth, blocks, round((inputs / 3) ** 0.5))
        else:
            last = max(int(n.split(".")[1]) for n in weights if n.startswith("body."))
            outputs = weights[f"body.{last}.weight"].shape[0]
            net = SRVGGNetCompact(weights["body.0.weight"].shape[0], (last - 2) // 2, round((outputs / 3) ** 0.5))
        net.load_state_dict(weights)
    except (KeyError, ValueError, IndexError, RuntimeError) as error:
        raise ModelError(
            f"the weights are not of the ESRGAN family ({' '.join(str(error).split())[:120]})",
            "convert them to ONNX with the program they come from, then: mattebox models add my.onnx --like up4-1",
        ) from error
    return net.eval()


def _current_name(name: str) -> str:
    for pattern, replacement in LEGACY_NAME_PATTERNS:
        name = re.sub(pattern, replacement, name)
    return name
