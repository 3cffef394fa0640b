"""U2-Net and its small form U2-Netp (Qin et al. 2020): a U of small U's.

The layers run in the order of the published networks, so that their weights can be loaded
(`mattebox.training.convert.onnx_to_torch`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# depth, inputs, inner, outputs of each U; depth 0 is the dilated one; encoder 1 to 6, then decoder 5 to 1
FULL_STAGES = (
    (7, 3, 32, 64), (6, 64, 32, 128), (5, 128, 64, 256), (4, 256, 128, 512), (0, 512, 256, 512), (0, 512, 256, 512),
    (0, 1024, 256, 512), (4, 1024, 128, 256), (5, 512, 64, 128), (6, 256, 32, 64), (7, 128, 16, 64),
)  # fmt: skip
SMALL_STAGES = (
    (7, 3, 16, 64), (6, 64, 16, 64), (5, 64, 16, 64), (4, 64, 16, 64), (0, 64, 16, 64), (0, 64, 16, 64),
    (0, 128, 16, 64), (4, 128, 16, 64), (5, 128, 16, 64), (6, 128, 16, 64), (7, 128, 16, 64),
)  # fmt: skip


class U2Net(nn.Module):
    """U2-Net: N x 3 x H x W normalised sRGB -> N x 1 x H x W alpha logits, in training mode with six side logits.

    `stage_table` is `FULL_STAGES` or `SMALL_STAGES`.
    """

    def __init__(self, stage_table: tuple[tuple[int, int, int, int], ...] = SMALL_STAGES) -> None:
        super().__init__()
        stages = [_DilatedResidualUBlock(*row[1:]) if row[0] == 0 else _ResidualUBlock(*row) for row in stage_table]
        self.down, self.up = nn.ModuleList(stages[:6]), nn.ModuleList(stages[6:])
        self.coarse = nn.ModuleList(nn.Conv2d(row[3], 1, 3, padding=1) for row in stage_table[:4:-1])
        self.fuse = nn.Conv2d(6, 1, 1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        size = x.shape[2:]
        skips: list[Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(_max_pool(x) if level else x)
            skips.append(x)
        decoded = [skips.pop()]
        for stage in self.up:
            below = skips.pop()
            decoded.append(stage(torch.cat([_resize_like(decoded[-1], below), below], 1)))
        coarse = [side(y) for side, y in zip(self.coarse, reversed(decoded), strict=True)]
        logits = self.fuse(torch.cat([F.interpolate(c, size=size, mode="bilinear", align_corners=False)
                                      for c in coarse], 1))  # fmt: skip
        return (logits, coarse) if self.training else logits


class _ResidualUBlock(nn.Module):
    """Residual U-block of `depth` levels (RSU in the paper)."""

    def __init__(self, depth: int, inputs: int, inner: int, outputs: int) -> None:
        super().__init__()
        self.enter = _conv_bn_relu(inputs, outputs)
        self.down = nn.ModuleList(_conv_bn_relu(outputs if level == 0 else inner, inner) for level in range(depth - 1))
        self.bottom = _conv_bn_relu(inner, inner, 2)
        self.up = nn.ModuleList(
            _conv_bn_relu(2 * inner, outputs if level == 0 else inner) for level in range(depth - 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = residual = self.enter(x)
        skips: list[Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(_max_pool(x) if level else x)
            skips.append(x)
        x = self.bottom(x)
        for stage in reversed(self.up):
            below = skips.pop()
            x = stage(torch.cat([_resize_like(x, below), below], 1))
        return x + residual


class _DilatedResidualUBlock(nn.Module):
    """Residual U-block with dilation instead of pooling (RSU-4F)."""

    def __init__(self, inputs: int, inner: int, outputs: int) -> None:
        super().__init__()
        self.enter = _conv_bn_relu(inputs, outputs)
        self.down = nn.ModuleList(
            [_conv_bn_relu(outputs, inner), _conv_bn_relu(inner, inner, 2), _conv_bn_relu(inner, inner, 4)]
        )
        self.bottom = _conv_bn_relu(inner, inner, 8)
        self.up = nn.ModuleList(
            [_conv_bn_relu(2 * inner, outputs), _conv_bn_relu(2 * inner, inner, 2), _conv_bn_relu(2 * inner, inner, 4)]
        )

    def forward(self, x: Tensor) -> Tensor:
        x = residual = self.enter(x)
        skips: list[Tensor] = []
        for stage in self.down:
            x = stage(x)
            skips.append(x)
        x = self.bottom(x)
        for stage in reversed(self.up):
            x = stage(torch.cat([x, skips.pop()], 1))
        return x + residual


def _conv_bn_relu(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _max_pool(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, 2, ceil_mode=True)


def _resize_like(x: Tensor, reference: Tensor) -> Tensor:
    return F.interpolate(x, size=reference.shape[2:], mode="bilinear", align_corners=False)
