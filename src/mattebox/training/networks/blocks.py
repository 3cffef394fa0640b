"""Building blocks of cutout networks: convolutions, residual block, global context, self-attention, decoder stage."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv_bn_relu(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, with_relu: bool = True) -> nn.Sequential:
    """Convolution, batch normalisation and, if `with_relu`, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if with_relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class ResidualBlock(nn.Module):
    """Residual block of two 3x3 convolutions (He et al. 2016); starts as the identity, but for the ReLU.

    `inner` is the share of the width between the convolutions.
    """

    def __init__(self, width: int, inner: float) -> None:
        super().__init__()
        hidden = int(width * inner)
        self.body = nn.Sequential(conv_bn_relu(width, hidden), conv_bn_relu(hidden, width, with_relu=False))
        nn.init.zeros_(self.body[1][1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


class GlobalContext(nn.Module):
    """Global average of the features, mixed and added to every position (ParseNet, Liu et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(x.mean((2, 3), keepdim=True))


class SelfAttention(nn.Module):
    """Multi-head self-attention over all positions (Vaswani et al. 2017); starts as the identity.

    Affordable at 1/32, where a photograph has about a hundred positions.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.BatchNorm2d(width)
        self.ask = nn.Conv2d(width, 3 * width, 1)
        self.answer = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, x: Tensor) -> Tensor:
        projections = self.ask(self.norm(x)).flatten(2).unflatten(1, (3, self.heads, -1))
        query, key, value = projections[:, 0], projections[:, 1], projections[:, 2]  # N x heads x features x positions
        attention = (query.transpose(2, 3) @ key * key.shape[2] ** -0.5).softmax(-1)
        attended = (value @ attention.transpose(2, 3)).flatten(1, 2)
        return x + self.answer(attended.unflatten(2, x.shape[2:]))


class DecoderStage(nn.Module):
    """Decoder stage: reduce the channels, upsample twice, concatenate the encoder's features, convolve."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.narrow = conv_bn_relu(inputs, outputs, 1)
        self.mix = conv_bn_relu(outputs + skip, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.interpolate(self.narrow(x), scale_factor=2, mode="bilinear", align_corners=False)
        return self.mix(torch.cat([x, skip], 1))
