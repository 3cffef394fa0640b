"""Detector of small objects at one octave or two of sizes; a pyramid of the picture finds the others.

A MobileNetV2 encoder (Sandler et al. 2018) down to 1/16 with a decoder back to 1/4, as in CenterFace (Xu et al. 2019),
but for any number of kinds; for every cell of 4 x 4 pixels the scores of a centre (Zhou et al. 2019), the size of the
box, the centre's place and five landmarks. It has no normalisation layers: it begins with published weights.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.anonymisation.regions import ObjectKind

KINDS: tuple[ObjectKind, ...] = ("face", "plate")
LANDMARK_VALUES = 10
INITIAL_SCORE_LOGIT = -4.6  # scores begin at 1 %, as few cells are centres
STEM_WIDTHS = (32, 16)
BLOCKS = (  # inputs, expanded, outputs, stride
    (16, 96, 24, 2), (24, 144, 24, 1), (24, 144, 32, 2), (32, 192, 32, 1), (32, 192, 32, 1), (32, 192, 64, 2),
    (64, 384, 64, 1), (64, 384, 64, 1), (64, 384, 64, 1), (64, 384, 96, 1), (96, 576, 96, 1), (96, 576, 96, 1),
)  # fmt: skip
TAPS = (1, 4, 11)  # blocks whose outputs the decoder takes, at 1/4, 1/8 and 1/16
FROZEN_BLOCKS = 2  # up to the first of these: edges, colours and textures, which cost most to learn
ENCODER_PREFIXES = ("stem", "blocks")


class CellOutputs(NamedTuple):
    """What the network says of each cell, N x C x h x w.

    Attributes
    ----------
    scores : kinds
        Logits.
    sizes : 2
        Logarithms of height and width over 4 pixels.
    offsets : 2
        y and x of the centre from the cell's, in cells.
    landmarks : 10
        y and x of each, as shares of the box from its top left corner.
    """

    scores: Tensor
    sizes: Tensor
    offsets: Tensor
    landmarks: Tensor


class InvertedBottleneck(nn.Module):
    """Expand by 1 x 1, filter each channel by 3 x 3, project by 1 x 1; residual where the shape stays."""

    def __init__(self, inputs: int, expanded: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(inputs, expanded, 1)
        self.depthwise = nn.Conv2d(expanded, expanded, 3, stride, 1, groups=expanded)
        self.project = nn.Conv2d(expanded, outputs, 1)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(F.relu(self.depthwise(F.relu(self.expand(x)))))
        return x + y if self.is_residual else y


class DetectionNet(nn.Module):
    """N x 3 x H x W sRGB 0..1, H and W multiples of 16 -> CellOutputs at 1/4.

    Parameters
    ----------
    width : int
        Channels of the decoder.
    head : int
        Channels before the outputs.
    """

    def __init__(self, width: int = 32, head: int = 48) -> None:
        super().__init__()
        first, second = STEM_WIDTHS
        self.stem = nn.Conv2d(3, first, 3, 2, 1)
        self.stem_depthwise = nn.Conv2d(first, first, 3, 1, 1, groups=first)
        self.stem_project = nn.Conv2d(first, second, 1)
        self.blocks = nn.ModuleList(InvertedBottleneck(*shape) for shape in BLOCKS)
        self.laterals = nn.ModuleList(nn.Conv2d(BLOCKS[i][2], width, 1) for i in TAPS)
        self.context = nn.Parameter(torch.zeros(1, width, 1, 1))  # in place of CenterFace's layers at 1/32
        self.rises = nn.ModuleList(nn.ConvTranspose2d(width, width, 2, 2) for _ in pairwise(TAPS))
        self.mix = nn.Conv2d(width, width, 3, padding=1)  # at 1/8, begins as nothing
        self.head = nn.Conv2d(width, head, 3, padding=1)
        self.score = nn.Conv2d(head, len(KINDS), 1)
        self.size = nn.Conv2d(head, 2, 1)
        self.offset = nn.Conv2d(head, 2, 1)
        self.landmark = nn.Conv2d(head, LANDMARK_VALUES, 1)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.constant_(self.score.bias, INITIAL_SCORE_LOGIT)

    def forward(self, rgb: Tensor) -> CellOutputs:
        return self.decode(self.encode(rgb))

    def encode(self, rgb: Tensor) -> list[Tensor]:
        """The encoder's features at 1/4, 1/8 and 1/16."""
        return self.encode_objects(self.encode_textures(rgb))

    def encode_textures(self, rgb: Tensor) -> Tensor:
        """The features at 1/4 of the first blocks, which keep their published weights."""
        x: Tensor = self.stem_project(F.relu(self.stem_depthwise(F.relu(self.stem(rgb)))))
        for block in self.blocks[:FROZEN_BLOCKS]:
            x = block(x)
        return x

    def encode_objects(self, textures: Tensor) -> list[Tensor]:
        """The encoder's features at 1/4, 1/8 and 1/16 by the first blocks' ones."""
        x, features = textures, [textures]
        for number, block in enumerate(self.blocks[FROZEN_BLOCKS:], start=FROZEN_BLOCKS):
            x = block(x)
            if number in TAPS:
                features.append(x)
        return features

    def select_trained_parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Parameters of the encoder's other blocks, and of the decoder and the outputs."""
        encoder = list(self.blocks[FROZEN_BLOCKS:].parameters())
        decoder = [p for name, p in self.named_parameters() if not name.startswith(ENCODER_PREFIXES)]
        return encoder, decoder

    def decode(self, features: list[Tensor]) -> CellOutputs:
        """The answer of each cell."""
        quarter, eighth, sixteenth = (F.relu(lateral(x)) for lateral, x in zip(self.laterals, features, strict=True))
        y = F.relu(self.rises[0](sixteenth + self.context)) + eighth
        y = F.relu(self.rises[1](y + self.mix(F.relu(y)))) + quarter
        y = F.relu(self.head(y))
        return CellOutputs(self.score(y), self.size(y), self.offset(y), self.landmark(y))
