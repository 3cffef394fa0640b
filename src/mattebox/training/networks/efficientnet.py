"""EfficientNet-Lite as an encoder (Tan & Le 2019; the Lite variants of Google's TPU models, 2020), made for int8.

No squeeze and excitation, ReLU6 instead of swish, a stem of fixed width; without the classifier. Published weights are
loaded by `mattebox.training.networks.pretrained_encoder`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

STEM_CHANNELS = 32
# blocks, kernel, stride, expansion, outputs of each stage in Lite0
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
WIDTH_DEPTH_SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2), 3: (1.2, 1.4), 4: (1.4, 1.8)}  # of widths, of depths
FEATURE_STAGES = (0, 1, 2, 4, 6)  # the last ones at 1/2, 1/4, 1/8, 1/16 and 1/32
BATCH_NORM_EPSILON = 1e-3  # as published


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite: N x 3 x H x W -> features at 1/2 .. 1/32, whose channels are `widths`.

    Most parameters are in the last stages and their last blocks; a published network can be cut short there.

    Parameters
    ----------
    size : int
        0 to 4, for Lite0 to Lite4.
    stages : int
        Number of stages, of seven.
    last : int
        Number of blocks of the last stage; 0 for all.
    inner : sequence of int
        Channels inside each expanding block of a pruned network (`mattebox.training.export.pruning`).
    """

    def __init__(self, size: int = 0, stages: int = 7, last: int = 0, inner: Sequence[int] = ()) -> None:
        super().__init__()
        self.size = size
        width_scale, depth_scale = WIDTH_DEPTH_SCALES[size]
        rows = STAGES[:stages]
        end = len(rows) - 1
        self.stem = _conv_bn_relu6(3, STEM_CHANNELS, 3, 2)
        width, modules, inner_widths = STEM_CHANNELS, [], iter(inner)
        for number, (count, kernel, stride, expansion, outputs) in enumerate(rows):
            count = count if number in (0, len(STAGES) - 1) else math.ceil(count * depth_scale)
            count = min(count, last) if last and number == end else count
            outputs, blocks = _round_channels(outputs * width_scale), []
            for index in range(count):
                hidden = next(inner_widths, width * expansion) if expansion > 1 else width
                stride = stride if index == 0 else 1
                blocks.append(InvertedResidual(width, hidden, outputs, kernel, stride, expansion > 1))
                width = outputs
            modules.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(modules)
        self.levels = (*FEATURE_STAGES[:-1], end)
        self.widths = tuple(_round_channels(STAGES[level][4] * width_scale) for level in self.levels)

    def forward(self, x: Tensor) -> list[Tensor]:
        x, features = self.stem(x), []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in self.levels:
                features.append(x)
        return features


class InvertedResidual(nn.Module):
    """Inverted residual with a linear bottleneck (Sandler et al. 2018) and `inner` channels inside.

    Without a convolution that expands to them unless `expands`.
    """

    def __init__(self, inputs: int, inner: int, outputs: int, kernel: int, stride: int, expands: bool) -> None:
        super().__init__()
        self.grow = _conv_bn_relu6(inputs, inner, 1) if expands else nn.Identity()
        self.depth = _conv_bn_relu6(inner, inner, kernel, stride, groups=inner)
        self.project = _conv_bn_relu6(inner, outputs, 1, with_relu=False)
        self.has_skip = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depth(self.grow(x)))
        return x + y if self.has_skip else y


def _conv_bn_relu6(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, with_relu: bool = True
) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(
        convolution, nn.BatchNorm2d(outputs, BATCH_NORM_EPSILON), *([nn.ReLU6(inplace=True)] if with_relu else [])
    )


def _round_channels(width: float) -> int:
    """Round to a multiple of 8, at most a tenth down."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded
