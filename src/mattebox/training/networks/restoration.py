"""Networks for super-resolution and restoration: plain residual blocks, small enough for a CPU.

`SuperResolutionNet` runs at the low resolution: residual blocks without normalisation (EDSR, Lim et al. 2017) and a
pixel shuffle (Shi et al. 2016), added to the repeated pixels. `RestorationNet` is a U-Net (Ronneberger et al. 2015)
behind a pixel unshuffle (as in FFDNet, Zhang et al. 2018), so that no convolution runs at full size; it predicts a
residual of the picture.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class RestorationShape:
    """Shape of a network: for scale 1 a `RestorationNet`, else a `SuperResolutionNet`.

    Attributes
    ----------
    scale : int
        Factor of the enlargement.
    widths, depths : tuple of int
        Channels, and residual blocks, of each level; a `SuperResolutionNet` has one level.
    """

    scale: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class EDSRBlock(nn.Module):
    """Residual block without normalisation: x + conv(relu(conv(x))); starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv3x3(width, width), _conv3x3(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x)))


class SuperResolutionNet(nn.Module):
    """N x 3 x H x W, 0..1 -> N x 3 x scale H x scale W."""

    def __init__(self, plan: RestorationShape) -> None:
        super().__init__()
        self.plan, width = plan, plan.widths[0]
        self.head = _conv3x3(3, width)
        self.body = nn.Sequential(*[EDSRBlock(width) for _ in range(plan.depths[0])], _conv3x3(width, width))
        self.tail = _conv3x3(width, 3 * plan.scale**2)

    def forward(self, x: Tensor) -> Tensor:
        features = self.head(x)
        residual = self.tail(features + self.body(features)).float()
        pixels = x.repeat_interleave(self.plan.scale**2, 1)
        return F.pixel_shuffle(residual + pixels, self.plan.scale)

    @property
    def reach(self) -> int:
        """Radius of the receptive field, in pixels of the input."""
        return 2 * self.plan.depths[0] + 3


class RestorationNet(nn.Module):
    """N x 3 x H x W, 0..1 -> the same shape; sides must be multiples of 2 ** levels."""

    def __init__(self, plan: RestorationShape) -> None:
        super().__init__()
        self.plan, widths, depths = plan, plan.widths, plan.depths
        self.head = _conv3x3(12, widths[0])
        self.down = nn.ModuleList(_stack_blocks(w, d) for w, d in zip(widths, depths, strict=True))
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in pairwise(widths))
        self.grow = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in pairwise(widths))
        self.up = nn.ModuleList(_stack_blocks(w, d) for w, d in zip(widths[:-1], depths, strict=False))
        self.tail = _conv3x3(widths[0], 12)

    def forward(self, x: Tensor) -> Tensor:
        y, skips = self.head(F.pixel_unshuffle(x, 2)), []
        for level, blocks in enumerate(self.down):
            y = blocks(y)
            if level < len(self.shrink):
                skips.append(y)
                y = self.shrink[level](y)
        for level in reversed(range(len(self.up))):
            y = self.up[level](F.pixel_shuffle(self.grow[level](y), 2) + skips[level])
        return x + F.pixel_shuffle(self.tail(y).float(), 2)

    @property
    def reach(self) -> int:
        """Radius of the receptive field, in pixels of the input."""
        last = len(self.plan.widths) - 1
        by_level = [2 ** (level + 1) * 2 * depth for level, depth in enumerate(self.plan.depths)]
        return sum(by_level) + sum(by_level[:last]) + 2 ** (last + 1) + 4


def build_restoration_network(plan: RestorationShape) -> SuperResolutionNet | RestorationNet:
    """Build the network of a shape."""
    return RestorationNet(plan) if plan.scale == 1 else SuperResolutionNet(plan)


def _stack_blocks(width: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*[EDSRBlock(width) for _ in range(depth)])


def _conv3x3(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)
