"""How different two pictures look to a network that knows objects: LPIPS (Zhang et al., 2018) over SqueezeNet 1.1's
features, with the weights that its authors learned from people where they are given (weights/v0.1/squeeze.pth of
the package `lpips`), and without them not as published tables have it.

FILE is an .npz of the network's weights under torchvision's names. Knows nothing of training.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.convert.safe_load import read_state_dict

LAYERS_AFTER_POOLING, FEATURE_LAYERS = (
    (3, 6, 9),
    (0, 4, 7, 9, 10, 11, 12),
)  # by torchvision's numbers: pooled before, features taken
FIRE_LAYERS = (3, 4, 6, 7, 9, 10, 11, 12)


class SqueezeNetFeatures(nn.Module):
    """N x 3 x H x W, 0..1 -> what SqueezeNet makes of it, at each depth looked at."""

    def __init__(self, weights_file: Path) -> None:
        super().__init__()
        with np.load(weights_file) as weights:
            for name in weights.files:
                if name.startswith("features."):
                    self.register_buffer(name.replace(".", "_"), torch.from_numpy(weights[name]).float())
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def extract(self, x: Tensor, depth_count: int = 8) -> list[Tensor]:
        """The first so many."""
        x = F.relu(self._conv((x - self.mean) / self.std, "features.0", stride=2))
        found = [x]
        for layer in FIRE_LAYERS:
            if layer in LAYERS_AFTER_POOLING:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = F.relu(self._conv(x, f"features.{layer}.squeeze"))
            wide = self._conv(x, f"features.{layer}.expand3x3", padding=1)
            x = F.relu(torch.cat([self._conv(x, f"features.{layer}.expand1x1"), wide], 1))
            if layer in FEATURE_LAYERS:
                found.append(x)
            if len(found) == depth_count:
                break
        return found

    def _conv(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = (getattr(self, f"{name}.{part}".replace(".", "_")) for part in ("weight", "bias"))
        return F.conv2d(x, weight, bias, stride, padding)


class PerceptualDistance(SqueezeNetFeatures):
    """N x 3 x H x W twice, 0..1 -> N distances: LPIPS with `learned` weights, else all channels count alike."""

    def __init__(self, weights_file: Path, lpips_file: Path | None = None) -> None:
        super().__init__(weights_file)
        state = {} if lpips_file is None else read_state_dict(lpips_file.read_bytes())
        self.name = "LPIPS" if state else "perceptual distance"
        self._channel_weights = (
            [state[f"lin{i}.model.1.weight"].float() for i in range(len(FEATURE_LAYERS))] if state else None
        )

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        apart = [(a - b) ** 2 for a, b in zip(self._unit_features(one), self._unit_features(other), strict=True)]
        if self._channel_weights is not None:
            apart = [d * worth.to(d) for d, worth in zip(apart, self._channel_weights, strict=True)]
        return torch.stack([d.sum(1).mean((1, 2)) for d in apart]).sum(0)

    def _unit_features(self, x: Tensor) -> list[Tensor]:
        """Unit vectors along the channels."""
        return [f / (f.norm(dim=1, keepdim=True) + 1e-6) for f in self.extract(x)]
