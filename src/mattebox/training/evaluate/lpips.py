"""Perceptual distance of pictures: LPIPS (Zhang et al. 2018) over the features of SqueezeNet 1.1.

With the channel weights that its authors learned from people's judgements (weights/v0.1/squeeze.pth of the package
`lpips`) the figures are those of published tables; without them all channels count alike, and they are not.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mattebox.training.convert.safe_load import read_state_dict
from mattebox.training.networks.squeezenet import FEATURE_LAYERS, SqueezeNetFeatures


class PerceptualDistance(SqueezeNetFeatures):
    """Perceptual distances, N, of two batches N x 3 x H x W, 0..1.

    Parameters
    ----------
    weights_file : Path
        SqueezeNet 1.1's weights, an .npz under torchvision's names.
    lpips_file : Path, optional
        The learned channel weights of LPIPS.
    """

    def __init__(self, weights_file: Path, lpips_file: Path | None = None) -> None:
        super().__init__(weights_file)
        state = {} if lpips_file is None else read_state_dict(lpips_file.read_bytes())
        self.name = "LPIPS" if state else "perceptual distance"
        self._channel_weights = (
            [state[f"lin{i}.model.1.weight"].float() for i in range(len(FEATURE_LAYERS))] if state else None
        )

    def forward(self, result: Tensor, reference: Tensor) -> Tensor:
        pairs = zip(self._unit_features(result), self._unit_features(reference), strict=True)
        distances = [(a - b) ** 2 for a, b in pairs]
        if self._channel_weights is not None:
            distances = [d * weight.to(d) for d, weight in zip(distances, self._channel_weights, strict=True)]
        return torch.stack([d.sum(1).mean((1, 2)) for d in distances]).sum(0)

    def _unit_features(self, x: Tensor) -> list[Tensor]:
        """Features as unit vectors along the channels."""
        return [f / (f.norm(dim=1, keepdim=True) + 1e-6) for f in self.extract(x)]
