"""A network in training as a predictor: the preparation that the house will give it, on tensors.

Knows nothing of files or scores.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from mattebox.training.evaluate.predictors import MEAN, STD, AlphaPredictor


def fit_network_size(size: tuple[int, int], side: int, multiple: int = 32) -> tuple[int, int]:
    """Height and width in a picture's aspect, about side x side pixels, in multiples of `multiple`."""
    scale = side / (size[0] * size[1]) ** 0.5
    height, width = (max(multiple, round(s * scale / multiple) * multiple) for s in size)
    return height, width


def torch_predictor(net: torch.nn.Module, side: int) -> AlphaPredictor:
    device = next(net.parameters()).device

    def predict(rgb: np.ndarray) -> np.ndarray:
        size = fit_network_size(rgb.shape[:2], side)
        x = np.asarray(Image.fromarray(rgb).resize(size[::-1], Image.Resampling.LANCZOS))
        with torch.no_grad():
            logits: Tensor = net(
                normalise_rgb(torch.from_numpy(x.transpose(2, 0, 1)[None].copy()).to(device).float() / 255)
            )
            logits = logits.float().sigmoid()
            alpha = F.interpolate(logits, size=rgb.shape[:2], mode="bilinear", align_corners=False)
        return alpha[0, 0].cpu().numpy()

    return predict


def normalise_rgb(rgb: Tensor) -> Tensor:
    """N x 3 x H x W 0..1 to the network's input."""
    mean, std = (torch.tensor(v, device=rgb.device)[:, None, None] for v in (MEAN, STD))
    return (rgb - mean) / std
