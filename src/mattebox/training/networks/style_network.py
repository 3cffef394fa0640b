"""Style transfer network for several styles and mixtures of them.

A small encoder, residual blocks and a decoder (Johnson et al. 2016) with conditional instance normalisation (Dumoulin
et al. 2017). Upsampling is nearest neighbour before a convolution, which avoids checkerboard artefacts.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEVEL_WIDTHS = (16, 32, 56)
BLOCK_COUNT = 4


class StyledConvolution(nn.Module):
    """Convolution and conditional instance normalisation: scale and shift depend on the style."""

    def __init__(self, inputs: int, outputs: int, styles: int, stride: int = 1, size: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, padding_mode="reflect", bias=False)
        self.scale, self.move = nn.Linear(styles, outputs, bias=False), nn.Linear(styles, outputs, bias=False)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.move.weight)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.conv(x)
        mean = x.mean((2, 3), keepdim=True)
        x = (x - mean) * torch.rsqrt(((x - mean) ** 2).mean((2, 3), keepdim=True) + 1e-5)
        return x * self.scale(style)[..., None, None] + self.move(style)[..., None, None]


class StyledResidualBlock(nn.Module):
    """Residual block of two styled convolutions."""

    def __init__(self, width: int, styles: int) -> None:
        super().__init__()
        self.first, self.second = StyledConvolution(width, width, styles), StyledConvolution(width, width, styles)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        y: Tensor = x + self.second(F.relu(self.first(x, style)), style)
        return y


class StyleNet(nn.Module):
    """N x 3 x H x W, 0..1, and N x styles shares that add up to 1 -> N x 3 x H x W, 0..1; sides are multiples of 4."""

    def __init__(self, styles: int) -> None:
        super().__init__()
        fine, middle, coarse = LEVEL_WIDTHS
        self.enter = StyledConvolution(3, fine, styles, size=5)
        self.down = nn.ModuleList(
            [StyledConvolution(fine, middle, styles, 2), StyledConvolution(middle, coarse, styles, 2)]
        )
        self.blocks = nn.ModuleList(StyledResidualBlock(coarse, styles) for _ in range(BLOCK_COUNT))
        self.up = nn.ModuleList([StyledConvolution(coarse, middle, styles), StyledConvolution(middle, fine, styles)])
        self.leave = StyledConvolution(fine, 3, styles, size=5)

    def forward(self, picture: Tensor, style: Tensor) -> Tensor:
        x = F.relu(self.enter(2 * picture - 1, style))
        for layer in self.down:
            x = F.relu(layer(x, style))
        for block in self.blocks:
            x = block(x, style)
        for layer in self.up:
            x = F.relu(layer(F.interpolate(x, scale_factor=2.0, mode="nearest"), style))
        return torch.sigmoid(self.leave(x, style))
