"""The enlarging and the restoring network: plain residual blocks, small enough for a processor.

`Enlarger` works at the small size and ends in a pixel shuffle (Shi 2016) over residual blocks without
normalisation (Lim 2017, EDSR), and adds its answer to the enlarged pixels. `Restorer` is a U-Net (Ronneberger 2015)
begun by a pixel unshuffle (as FFDNet, Zhang 2018), so that no convolution runs at full size; it adds its answer to
the picture.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class RestorationShape:
    """scale 1 is a Restorer with `widths` per level and `depths` blocks each, else an Enlarger of the first of both."""

    scale: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class EDSRBlock(nn.Module):
    """x + conv(relu(conv(x)))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv3x3(width, width), _conv3x3(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x)))


class SuperResolutionNet(nn.Module):
    def __init__(self, plan: RestorationShape) -> None:
        super().__init__()
        self.plan, width = plan, plan.widths[0]
        self.head = _conv3x3(3, width)
        self.body = nn.Sequential(*[EDSRBlock(width) for _ in range(plan.depths[0])], _conv3x3(width, width))
        self.tail = _conv3x3(width, 3 * plan.scale**2)

    def forward(self, x: Tensor) -> Tensor:
        features = self.head(x)
        answer = self.tail(features + self.body(features)).float()
        pixels = x.repeat_interleave(self.plan.scale**2, 1)
        return F.pixel_shuffle(answer + pixels, self.plan.scale)

    @property
    def reach(self) -> int:
        """How far, in pixels of the input, one output pixel sees."""
        return 2 * self.plan.depths[0] + 3


class RestorationNet(nn.Module):
    """Sides must be multiples of 2 ** levels."""

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
        y, kept = self.head(F.pixel_unshuffle(x, 2)), []
        for level, blocks in enumerate(self.down):
            y = blocks(y)
            if level < len(self.shrink):
                kept.append(y)
                y = self.shrink[level](y)
        for level in reversed(range(len(self.up))):
            y = self.up[level](F.pixel_shuffle(self.grow[level](y), 2) + kept[level])
        return x + F.pixel_shuffle(self.tail(y).float(), 2)

    @property
    def reach(self) -> int:
        """How far, in pixels of the input, one output pixel sees."""
        last = len(self.plan.widths) - 1
        own = [2 ** (level + 1) * 2 * depth for level, depth in enumerate(self.plan.depths)]
        return sum(own) + sum(own[:last]) + 2 ** (last + 1) + 4


def build_restoration_network(plan: RestorationShape) -> SuperResolutionNet | RestorationNet:
    return RestorationNet(plan) if plan.scale == 1 else SuperResolutionNet(plan)


def _stack_blocks(width: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*[EDSRBlock(width) for _ in range(depth)])


def _conv3x3(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)
