"""Verifier of candidates: the first layers of the detector's encoder on a square crop, and two linear layers.

The encoder (MobileNetV2 as CenterFace has it) begins with its published weights, so that it knows faces already.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.detection_network import BLOCKS, KINDS, STEM_WIDTHS, InvertedBottleneck

BLOCK_COUNT = 7  # of the encoder's: down to 1/16
FROZEN_BLOCKS = 3  # of them, and the stem: edges, colours and textures at 1/8; they cost most
CROP_SIDE = 64
CELLS = CROP_SIDE // 16
REDUCED_WIDTH, HIDDEN_WIDTH = 48, 48
CLASSES = len(KINDS) + 1  # the last is neither


class VerificationNet(nn.Module):
    """N x 3 x 64 x 64 sRGB 0..1 -> N x 3 logits: face, plate, neither."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        first, second = STEM_WIDTHS
        self.stem = nn.Conv2d(3, first, 3, 2, 1)
        self.stem_depthwise = nn.Conv2d(first, first, 3, 1, 1, groups=first)
        self.stem_project = nn.Conv2d(first, second, 1)
        self.blocks = nn.ModuleList(InvertedBottleneck(*shape) for shape in BLOCKS[:BLOCK_COUNT])
        self.reduce = nn.Conv2d(BLOCKS[BLOCK_COUNT - 1][2], REDUCED_WIDTH, 1)
        self.hidden = nn.Linear(REDUCED_WIDTH * CELLS * CELLS, HIDDEN_WIDTH)
        self.answer = nn.Linear(HIDDEN_WIDTH, CLASSES)
        self.dropout = nn.Dropout(dropout)

    def forward(self, rgb: Tensor) -> Tensor:
        return self.classify(self.encode_textures(rgb))

    def encode_textures(self, rgb: Tensor) -> Tensor:
        """The features at 1/8 of the first blocks, which keep their published weights."""
        x: Tensor = self.stem_project(F.relu(self.stem_depthwise(F.relu(self.stem(rgb)))))
        for block in self.blocks[:FROZEN_BLOCKS]:
            x = block(x)
        return x

    def encode_objects(self, textures: Tensor) -> Tensor:
        """The features at 1/16 of the other blocks."""
        x = textures
        for block in self.blocks[FROZEN_BLOCKS:]:
            x = block(x)
        return x

    def classify(self, textures: Tensor) -> Tensor:
        """Logits of the first blocks' features."""
        reduced = self.dropout(F.relu(self.reduce(self.encode_objects(textures))).flatten(1))
        logits: Tensor = self.answer(self.dropout(F.relu(self.hidden(reduced))))
        return logits

    def select_trained_parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Parameters of the encoder's other blocks, and of the layers behind it."""
        encoder = list(self.blocks[FROZEN_BLOCKS:].parameters())
        return encoder, [p for layer in (self.reduce, self.hidden, self.answer) for p in layer.parameters()]


@torch.no_grad()
def copy_encoder(net: VerificationNet, encoder: nn.Module) -> None:
    """Begin with the first layers of a detector's encoder, in place."""
    state = encoder.state_dict()
    own = net.state_dict()
    net.load_state_dict({name: state[name] if name.startswith(("stem", "blocks")) else own[name] for name in own})
