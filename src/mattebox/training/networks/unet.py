"""U-Net (Ronneberger, Fischer & Brox 2015), with batch normalisation and bilinear upsampling."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.blocks import conv_bn_relu


class UNet(nn.Module):
    """U-Net: N x 3 x H x W normalised sRGB, H and W multiples of 16 -> N x 1 x H x W alpha logits.

    In training mode also returns side logits of the coarser levels. `width` channels at full size, doubled at each of
    four levels.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        widths = [width << level for level in range(5)]
        self.down = nn.ModuleList(_double_conv(a, b) for a, b in zip([3, *widths], widths, strict=False))
        self.narrow = nn.ModuleList(conv_bn_relu(b, a, 1) for a, b in pairwise(widths))
        self.up = nn.ModuleList(_double_conv(2 * a, a) for a in widths[:-1])
        self.sides = nn.ModuleList(nn.Conv2d(a, 1, 1) for a in widths[1:-1])
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        skips: list[Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(F.max_pool2d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        levels: list[Tensor] = []
        for narrow, up in zip(reversed(self.narrow), reversed(self.up), strict=True):
            x = F.interpolate(narrow(x), scale_factor=2, mode="bilinear", align_corners=False)
            x = up(torch.cat([skips.pop(), x], 1))
            levels.append(x)
        if not self.training:
            return self.head(x)
        return self.head(x), [side(y) for side, y in zip(reversed(self.sides), levels, strict=False)]


def _double_conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(conv_bn_relu(inputs, outputs), conv_bn_relu(outputs, outputs))
