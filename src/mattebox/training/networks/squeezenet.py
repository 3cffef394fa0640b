"""SqueezeNet 1.1 (Iandola et al. 2016) as a feature extractor.

Weights are an .npz under torchvision's names.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.normalisation import IMAGENET_MEAN, IMAGENET_STD

# layer numbers as in torchvision
FIRE_LAYERS = (3, 4, 6, 7, 9, 10, 11, 12)
LAYERS_AFTER_POOLING = (3, 6, 9)
FEATURE_LAYERS = (0, 4, 7, 9, 10, 11, 12)  # whose outputs are returned


class SqueezeNetFeatures(nn.Module):
    """Features of pictures N x 3 x H x W, 0..1, at seven depths."""

    def __init__(self, weights_file: Path) -> None:
        super().__init__()
        with np.load(weights_file) as weights:
            for name in weights.files:
                if name.startswith("features."):
                    self.register_buffer(name.replace(".", "_"), torch.from_numpy(weights[name]).float())
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def extract(self, x: Tensor, depth_count: int = len(FEATURE_LAYERS)) -> list[Tensor]:
        """The first `depth_count` features."""
        x = F.relu(self._conv((x - self.mean) / self.std, "features.0", stride=2))
        features = [x]
        for layer in FIRE_LAYERS:
            if layer in LAYERS_AFTER_POOLING:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = F.relu(self._conv(x, f"features.{layer}.squeeze"))
            expanded = self._conv(x, f"features.{layer}.expand3x3", padding=1)
            x = F.relu(torch.cat([self._conv(x, f"features.{layer}.expand1x1"), expanded], 1))
            if layer in FEATURE_LAYERS:
                features.append(x)
            if len(features) == depth_count:
                break
        return features

    def _conv(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = (getattr(self, f"{name}.{part}".replace(".", "_")) for part in ("weight", "bias"))
        return F.conv2d(x, weight, bias, stride, padding)
