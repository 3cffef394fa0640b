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

from mattebox.training.convert.safe_load import state_of

POOLED, LOOKED_AT = (3, 6, 9), (0, 4, 7, 9, 10, 11, 12)  # by torchvision's numbers: pooled before, features taken
FIRES = (3, 4, 6, 7, 9, 10, 11, 12)


class Features(nn.Module):
    """N x 3 x H x W, 0..1 -> what SqueezeNet makes of it, at each depth looked at."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        with np.load(file) as weights:
            for name in weights.files:
                if name.startswith("features."):
                    self.register_buffer(name.replace(".", "_"), torch.from_numpy(weights[name]).float())
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def seen(self, x: Tensor, depths: int = 8) -> list[Tensor]:
        """The first so many."""
        x = F.relu(self._conv((x - self.mean) / self.std, "features.0", stride=2))
        found = [x]
        for layer in FIRES:
            if layer in POOLED:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = F.relu(self._conv(x, f"features.{layer}.squeeze"))
            wide = self._conv(x, f"features.{layer}.expand3x3", padding=1)
            x = F.relu(torch.cat([self._conv(x, f"features.{layer}.expand1x1"), wide], 1))
            if layer in LOOKED_AT:
                found.append(x)
            if len(found) == depths:
                break
        return found

    def _conv(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = (getattr(self, f"{name}.{part}".replace(".", "_")) for part in ("weight", "bias"))
        return F.conv2d(x, weight, bias, stride, padding)


class Perceptual(Features):
    """N x 3 x H x W twice, 0..1 -> N distances: LPIPS with `learned` weights, else all channels count alike."""

    def __init__(self, file: Path, learned: Path | None = None) -> None:
        super().__init__(file)
        state = {} if learned is None else state_of(learned.read_bytes())
        self.name = "LPIPS" if state else "perceptual distance"
        self._worth = [state[f"lin{i}.model.1.weight"].float() for i in range(len(LOOKED_AT))] if state else None

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        apart = [(a - b) ** 2 for a, b in zip(self._units(one), self._units(other), strict=True)]
        if self._worth is not None:
            apart = [d * worth.to(d) for d, worth in zip(apart, self._worth, strict=True)]
        return torch.stack([d.sum(1).mean((1, 2)) for d in apart]).sum(0)

    def _units(self, x: Tensor) -> list[Tensor]:
        """Unit vectors along the channels."""
        return [f / (f.norm(dim=1, keepdim=True) + 1e-6) for f in self.seen(x)]
