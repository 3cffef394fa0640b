"""ClipNet: a LiteNet that is also told the matte of a frame beside, for the frames of clips between key frames."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.litenet import LiteNet

PICTURE_CHANNELS = 3


class ClipNet(LiteNet):
    """ClipNet: N x 4 x H x W, normalised sRGB and a prior matte 0..1 -> N x 1 x H x W alpha logits, as `LiteNet`.

    The prior is added to the encoder's features at each scale by a convolution without bias that starts at 0: without a
    prior (N x 3 x H x W), with an empty one, and before it is trained, the network is the `LiteNet` of its weights.
    At 1/2 it is added for the decoder only, so that gradients end before the first stages, where those are frozen.

    Parameters
    ----------
    **shape
        Those of `LiteNet`.
    """

    def __init__(self, **shape: Any) -> None:
        super().__init__(**shape)
        self.prior = nn.ModuleList(nn.Conv2d(1, width, 3, padding=1, bias=False) for width in self.encoder.widths)
        for convolution in self.prior:
            nn.init.zeros_(convolution.weight)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        return self.decode(self._encode(x[:, :PICTURE_CHANNELS], x[:, PICTURE_CHANNELS:]))

    def _encode(self, picture: Tensor, prior: Tensor) -> list[Tensor]:
        """The encoder's features at 1/2 .. 1/32 with the prior's."""
        x = self.encoder.stem(picture)
        features: list[Tensor] = []
        for number, stage in enumerate(self.encoder.stages):
            x = stage(x)
            if number not in self.encoder.levels:
                continue
            informed = x
            if prior.shape[1]:
                prior = F.avg_pool2d(prior, 2)
                informed = x + self.prior[len(features)](prior)
            x = informed if features else x
            features.append(informed)
        return features
