"""DeepLabV3+ (Chen et al. 2018): atrous spatial pyramid pooling at 1/16, a light decoder at 1/4."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.backbones import MobileNetV3, ResNet
from mattebox.training.networks.blocks import conv_bn_relu

DILATION_RATES = (6, 12, 18)
BACKBONES: dict[str, Callable[[], MobileNetV3 | ResNet]] = {
    "mobilenet": MobileNetV3,
    "resnet18": lambda: ResNet(18),
    "resnet50": lambda: ResNet(50),
}


class DeepLab(nn.Module):
    """DeepLabV3+: N x 3 x H x W normalised sRGB, H and W multiples of 16 -> N x 1 x H x W alpha logits.

    In training mode also returns side logits at 1/16. `backbone` is a key of `BACKBONES`; `width` is the number of
    channels of the pyramid and the decoder.
    """

    def __init__(self, backbone: str = "mobilenet", width: int = 128) -> None:
        super().__init__()
        self.backbone = BACKBONES[backbone]()
        self.pyramid = _SpatialPyramidPooling(self.backbone.high, width)
        self.low = conv_bn_relu(self.backbone.low, 48, 1)
        self.mix = nn.Sequential(conv_bn_relu(width + 48, width), conv_bn_relu(width, width))
        self.head = nn.Conv2d(width, 1, 1)
        self.side = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        low, high = self.backbone(x)
        context = self.pyramid(high)
        y = F.interpolate(context, scale_factor=4, mode="bilinear", align_corners=False)
        logits = self.head(self.mix(torch.cat([y, self.low(low)], 1)))
        logits = F.interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False)
        return (logits, [self.side(context)]) if self.training else logits


class _SpatialPyramidPooling(nn.Module):
    """Atrous spatial pyramid pooling: convolutions at several dilation rates, and the global average."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.near = conv_bn_relu(inputs, width, 1)
        self.far = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inputs, width, 3, padding=rate, dilation=rate, bias=False), nn.BatchNorm2d(width), nn.ReLU()
            )
            for rate in DILATION_RATES
        )
        self.everywhere = nn.Conv2d(inputs, width, 1)
        self.join = conv_bn_relu(width * (len(DILATION_RATES) + 2), width, 1)

    def forward(self, x: Tensor) -> Tensor:
        near = self.near(x)
        pooled = F.relu(self.everywhere(x.mean((2, 3), keepdim=True))).expand_as(near)
        return self.join(torch.cat([near, *(layer(x) for layer in self.far), pooled], 1))
