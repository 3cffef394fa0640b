"""LiteNet: CutNet's attention, global context and decoder behind an EfficientNet-Lite encoder.

The encoder may start with weights published for ImageNet (`mattebox.training.networks.pretrained_encoder`), which know
many more kinds of objects than a few thousand masks can teach.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.blocks import (
    DecoderStage,
    GlobalContext,
    ResidualBlock,
    SelfAttention,
    conv_bn_relu,
)
from mattebox.training.networks.efficientnet import EfficientNetLite


class LiteNet(nn.Module):
    """LiteNet: N x 3 x H x W normalised sRGB, H and W multiples of 32 -> N x 1 x H x W alpha logits.

    In training mode also returns side logits at 1/16 .. 1/4 for deep supervision.

    Parameters
    ----------
    size, stages, last, inner
        Of the encoder, see `EfficientNetLite`.
    narrow : int
        Channels of the attention at 1/32.
    heads : sequence of int
        Heads of each attention layer.
    decoder : sequence of int
        Channels of the decoder at 1/16 .. 1/2.
    """

    def __init__(
        self,
        size: int = 0,
        stages: int = 7,
        last: int = 0,
        narrow: int = 192,
        heads: Sequence[int] = (6,),
        decoder: Sequence[int] = (96, 64, 32, 16),
        inner: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.encoder = EfficientNetLite(size, stages, last, inner)
        widths = self.encoder.widths
        self.narrow = conv_bn_relu(widths[-1], narrow, 1)
        self.attention = nn.Sequential(
            *(layer for h in heads for layer in (SelfAttention(narrow, h), ResidualBlock(narrow, 0.25)))
        )
        self.context = GlobalContext(narrow)
        below = (narrow, *decoder)
        self.rises = nn.ModuleList(
            DecoderStage(a, skip, b) for a, skip, b in zip(below, widths[-2::-1], decoder, strict=False)
        )
        self.sides = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in decoder[:3])
        self.head = nn.Conv2d(decoder[-1], 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        return self.decode(self.encoder(x))

    def decode(self, features: list[Tensor]) -> Tensor | tuple[Tensor, list[Tensor]]:
        """Logits from the encoder's features at 1/2 .. 1/32, which the list loses; in training mode side logits too."""
        y, levels = self.context(self.attention(self.narrow(features.pop()))), []
        for rise in self.rises:
            y = rise(y, features.pop())
            levels.append(y)
        logits = F.pixel_shuffle(self.head(y), 2)
        return (logits, [s(level) for s, level in zip(self.sides, levels, strict=False)]) if self.training else logits
