"""Encoders for DeepLabV3+: MobileNetV3-Large (Howard et al. 2019) and ResNet-18 and -50 (He et al. 2016).

They return features at 1/4 and 1/16 of the picture; the last stage is dilated instead of strided. Defined here, since
torchvision does not load beside every torch. Weights are random at the start.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

# kernel, expanded width, outputs, squeeze, hard swish, stride: table 1 of the paper, the last three rows dilated
MOBILENET_ROWS = (
    (3, 16, 16, False, False, 1), (3, 64, 24, False, False, 2), (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2), (5, 120, 40, True, False, 1), (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2), (3, 200, 80, False, True, 1), (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1), (3, 480, 112, True, True, 1), (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, -2), (5, 960, 160, True, True, -2), (5, 960, 160, True, True, -2),
)  # fmt: skip
LOW_LEVEL_ROW = 2  # its output is at 1/4


class MobileNetV3(nn.Module):
    """MobileNetV3-Large without its classifier; `low` and `high` are the channels at 1/4 and 1/16."""

    low, high = 24, 960

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv_bn(3, 16, 3, 2, activation=nn.Hardswish)
        widths = [16, *(row[2] for row in MOBILENET_ROWS)]
        self.rows = nn.ModuleList(_InvertedResidual(a, *row) for a, row in zip(widths, MOBILENET_ROWS, strict=False))
        self.last = _conv_bn(160, 960, 1, activation=nn.Hardswish)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = low = self.stem(x)
        for number, row in enumerate(self.rows):
            x = row(x)
            if number == LOW_LEVEL_ROW:
                low = x
        return low, self.last(x)


class _InvertedResidual(nn.Module):
    """Inverted residual with squeeze and excitation; a stride of -2 means a dilation of 2."""

    def __init__(
        self,
        inputs: int,
        kernel: int,
        expanded: int,
        outputs: int,
        use_squeeze: bool,
        use_hard_swish: bool,
        stride: int,
    ) -> None:
        super().__init__()
        act = nn.Hardswish if use_hard_swish else nn.ReLU
        dilation = 2 if stride < 0 else 1
        expand = [_conv_bn(inputs, expanded, 1, activation=act)] if expanded != inputs else []
        depthwise = _conv_bn(expanded, expanded, kernel, max(1, stride), dilation, expanded, act)
        squeeze = [_SqueezeExcitation(expanded)] if use_squeeze else []
        self.body = nn.Sequential(*expand, depthwise, *squeeze, _conv_bn(expanded, outputs, 1))
        self.has_skip = inputs == outputs and stride in (1, -2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.has_skip else self.body(x)


class _SqueezeExcitation(nn.Module):
    """Squeeze and excitation (Hu et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        bottleneck = max(8, (width // 4 + 4) // 8 * 8)
        self.small, self.large = nn.Conv2d(width, bottleneck, 1), nn.Conv2d(bottleneck, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * F.hardsigmoid(self.large(F.relu(self.small(x.mean((2, 3), keepdim=True)))))


class ResNet(nn.Module):
    """ResNet of `depth` 18 or 50 without its classifier; `low` and `high` are the channels at 1/4 and 1/16."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        counts, expansion = {18: ((2, 2, 2, 2), 1), 50: ((3, 4, 6, 3), 4)}[depth]
        self.stem = nn.Sequential(_conv_bn(3, 64, 7, 2, activation=nn.ReLU), nn.MaxPool2d(3, 2, 1))
        width, stages = 64, []
        for number, count in enumerate(counts):
            inner = 64 << number
            blocks = []
            for index in range(count):
                stride = 2 if index == 0 and number in (1, 2) else 1
                blocks.append(_ResNetBlock(width, inner, expansion, stride, dilation=2 if number == 3 else 1))
                width = inner * expansion
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.low, self.high = 64 * expansion, width

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low = self.stages[0](self.stem(x))
        x = low
        for stage in list(self.stages)[1:]:
            x = stage(x)
        return low, x


class _ResNetBlock(nn.Module):
    """Residual block of two 3x3 convolutions, or a bottleneck if `expansion` is above 1."""

    def __init__(self, inputs: int, inner: int, expansion: int, stride: int, dilation: int) -> None:
        super().__init__()
        middle = _conv_bn(inputs if expansion == 1 else inner, inner, 3, stride, dilation, activation=nn.ReLU)
        layers = [middle, _conv_bn(inner, inner, 3, 1, dilation)]
        if expansion > 1:
            layers = [_conv_bn(inputs, inner, 1, activation=nn.ReLU), middle, _conv_bn(inner, inner * expansion, 1)]
        self.body = nn.Sequential(*layers)
        self.skip = (
            nn.Identity()
            if stride == 1 and inputs == inner * expansion
            else _conv_bn(inputs, inner * expansion, 1, stride)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.skip(x) + self.body(x))


def _conv_bn(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = None,
) -> nn.Sequential:
    """Convolution, batch normalisation and, if given, an activation."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2 * dilation, dilation, groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), *([] if activation is None else [activation()]))
