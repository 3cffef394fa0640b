"""CutNet, the embedded cutout network: a small U-shaped residual network of plain 3x3 convolutions.

Dense 3x3 convolutions rather than depthwise ones: at this size they run nearer to a CPU's peak, both in onnxruntime
and when training in bfloat16 (benchmarked in LOG.md). The shape follows U-Net (Ronneberger et al. 2015) with residual
blocks (He et al. 2016), attention at 1/32 where `heads` are given (Vaswani et al. 2017), a global context term at the
bottom (ParseNet, Liu et al. 2016), deep supervision (Xie & Tu 2015) and sub-pixel output (Shi et al. 2016). This file
knows nothing of data, losses or files.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

INPUT_MULTIPLE_PIXELS = 32  # sides of the input must be multiples of this


@dataclass(frozen=True)
class CutNetShape:
    """Widths at 1/2 .. 1/32, blocks at 1/4 .. 1/32, inner width ratio of the blocks, decoder widths at 1/16 .. 1/2;
    `heads` of each attention layer at 1/32, which brings a narrow block along."""

    widths: tuple[int, ...] = (16, 32, 64, 128, 224)
    blocks: tuple[int, ...] = (1, 2, 4, 3)
    inner: tuple[float, ...] = (1.0, 1.0, 0.5, 0.5)
    decoder: tuple[int, ...] = (96, 64, 32, 16)
    heads: tuple[int, ...] = (7, 7)

    def as_dict(self) -> dict[str, list[float]]:
        return {k: list(v) for k, v in asdict(self).items()}


CUTNET_SHAPES = {
    "small": CutNetShape((12, 24, 48, 96, 128), (1, 1, 2, 2), (1.0, 1.0, 0.5, 0.5), (64, 48, 24, 12), (4,)),
    "medium": CutNetShape(),  # the embedded network's
    "large": CutNetShape((32, 64, 128, 256, 384), (1, 2, 4, 3), (1.0, 1.0, 0.5, 0.5), (192, 128, 64, 32), (8, 8, 8)),
}


def conv_bn_relu(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, with_relu: bool = True) -> nn.Sequential:
    """Convolution, batch normalisation and, when `with_relu`, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if with_relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class ResidualBlock(nn.Module):
    """Residual block of two 3x3 convolutions; starts as the identity."""

    def __init__(self, width: int, inner: float) -> None:
        super().__init__()
        hidden = int(width * inner)
        self.body = nn.Sequential(conv_bn_relu(width, hidden), conv_bn_relu(hidden, width, with_relu=False))
        nn.init.zeros_(self.body[1][1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


class GlobalContext(nn.Module):
    """Adds what the whole picture holds to every place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(x.mean((2, 3), keepdim=True))


class SelfAttention(nn.Module):
    """Every place asks every other: what counts as the subject is decided by all of the picture.
    Affordable at 1/32, where a photograph has a hundred places. Starts as the identity."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.BatchNorm2d(width)
        self.ask = nn.Conv2d(width, 3 * width, 1)
        self.answer = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, x: Tensor) -> Tensor:
        asked = self.ask(self.norm(x)).flatten(2).unflatten(1, (3, self.heads, -1))
        query, key, value = asked[:, 0], asked[:, 1], asked[:, 2]  # N x heads x features x places
        share = (query.transpose(2, 3) @ key * key.shape[2] ** -0.5).softmax(-1)
        seen = (value @ share.transpose(2, 3)).flatten(1, 2)
        return x + self.answer(seen.unflatten(2, x.shape[2:]))


class DecoderStage(nn.Module):
    """One decoder step: narrow, double the size, join the encoder's features, mix."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.narrow = conv_bn_relu(inputs, outputs, 1)
        self.mix = conv_bn_relu(outputs + skip, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.interpolate(self.narrow(x), scale_factor=2, mode="bilinear", align_corners=False)
        return self.mix(torch.cat([x, skip], 1))


class CutNet(nn.Module):
    """N x 3 x H x W normalised sRGB, H and W multiples of 32 -> N x 1 x H x W alpha logits.

    In training mode also returns side logits at 1/16 .. 1/4 for deep supervision.
    """

    def __init__(self, shape: CutNetShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or CutNetShape()
        widths = shape.widths
        self.stem = conv_bn_relu(3, widths[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(conv_bn_relu(a, b, stride=2), *(ResidualBlock(b, inner) for _ in range(count)))
            for a, b, count, inner in zip(widths, widths[1:], shape.blocks, shape.inner, strict=False)
        )
        self.attention = nn.Sequential(
            *(
                layer
                for heads in shape.heads
                for layer in (SelfAttention(widths[-1], heads), ResidualBlock(widths[-1], 0.25))
            )
        )
        self.context = GlobalContext(widths[-1])
        below = (widths[-1], *shape.decoder)
        self.rises = nn.ModuleList(
            DecoderStage(a, skip, b) for a, skip, b in zip(below, widths[-2::-1], shape.decoder, strict=False)
        )
        self.sides = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in shape.decoder[:3])
        self.head = nn.Conv2d(shape.decoder[-1], 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        features = [self.stem(x)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        y = self.context(self.attention(features.pop()))
        levels = []
        for rise in self.rises:
            y = rise(y, features.pop())
            levels.append(y)
        logits = F.pixel_shuffle(self.head(y), 2)
        if not self.training:
            return logits
        return logits, [side(level) for side, level in zip(self.sides, levels, strict=False)]


def count_multiply_adds(net: nn.Module, height: int, width: int) -> int:
    """Multiply-adds of one pass over a height x width input, convolutions counted."""
    total = 0

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        total += output.numel() * layer.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv2d)]
    was_training = net.training
    device = next(net.parameters()).device
    with torch.no_grad():
        net.eval()(torch.zeros(1, 3, height, width, device=device))
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return total
