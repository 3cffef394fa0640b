"""CutNet, the embedded cutout network: a small U-shaped residual network of plain 3x3 convolutions.

Dense 3x3 convolutions rather than depthwise ones: at this size they run nearer to a CPU's peak, in ONNX Runtime and
when training in bfloat16. A U-Net (Ronneberger et al. 2015) of residual blocks (He et al. 2016), with self-attention at
1/32 (Vaswani et al. 2017), global context (ParseNet, Liu et al. 2016), deep supervision (Xie & Tu 2015) and sub-pixel
output (Shi et al. 2016).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.blocks import (
    DecoderStage,
    GlobalContext,
    ResidualBlock,
    SelfAttention,
    conv_bn_relu,
)

INPUT_MULTIPLE_PIXELS = 32  # sides of the input must be multiples of this


@dataclass(frozen=True)
class CutNetShape:
    """Shape of a CutNet.

    Attributes
    ----------
    widths : tuple of int
        Channels at 1/2 .. 1/32.
    blocks : tuple of int
        Residual blocks at 1/4 .. 1/32.
    inner : tuple of float
        Width between the convolutions of those blocks, as a share of `widths`.
    decoder : tuple of int
        Channels of the decoder at 1/16 .. 1/2.
    heads : tuple of int
        Heads of each attention layer at 1/32; a narrow residual block follows each.
    """

    widths: tuple[int, ...] = (16, 32, 64, 128, 224)
    blocks: tuple[int, ...] = (1, 2, 4, 3)
    inner: tuple[float, ...] = (1.0, 1.0, 0.5, 0.5)
    decoder: tuple[int, ...] = (96, 64, 32, 16)
    heads: tuple[int, ...] = (7, 7)

    def as_dict(self) -> dict[str, list[float]]:
        return {k: list(v) for k, v in asdict(self).items()}


CUTNET_SHAPES = {
    "small": CutNetShape((12, 24, 48, 96, 128), (1, 1, 2, 2), (1.0, 1.0, 0.5, 0.5), (64, 48, 24, 12), (4,)),
    "medium": CutNetShape(),  # the embedded network
    "large": CutNetShape((32, 64, 128, 256, 384), (1, 2, 4, 3), (1.0, 1.0, 0.5, 0.5), (192, 128, 64, 32), (8, 8, 8)),
}


class CutNet(nn.Module):
    """CutNet: N x 3 x H x W normalised sRGB, H and W multiples of 32 -> N x 1 x H x W alpha logits.

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
