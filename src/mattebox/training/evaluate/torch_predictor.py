"""Predictors of torch networks, for evaluation while training: preprocessing as a session does it, on tensors."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from mattebox.training.data.tensors import picture_to_tensor
from mattebox.training.evaluate.predictors import AlphaPredictor
from mattebox.training.networks.normalisation import normalise_rgb


def fit_network_size(size: tuple[int, int], side: int, multiple: int = 32) -> tuple[int, int]:
    """Height and width of a network's input: the picture's aspect ratio, about `side` squared pixels, in multiples."""
    scale = side / (size[0] * size[1]) ** 0.5
    height, width = (max(multiple, round(s * scale / multiple) * multiple) for s in size)
    return height, width


def torch_predictor(net: torch.nn.Module, side: int) -> AlphaPredictor:
    """Predictor of a cutout network that gives logits, at inputs of about `side` squared pixels."""
    device = next(net.parameters()).device

    def predict(rgb: np.ndarray) -> np.ndarray:
        size = fit_network_size(rgb.shape[:2], side)
        resized = np.asarray(Image.fromarray(rgb).resize(size[::-1], Image.Resampling.LANCZOS))
        with torch.no_grad():
            logits: Tensor = net(normalise_rgb(picture_to_tensor(resized).contiguous().to(device)))
            alpha = F.interpolate(logits.float().sigmoid(), size=rgb.shape[:2], mode="bilinear", align_corners=False)
        return alpha[0, 0].cpu().numpy()

    return predict
