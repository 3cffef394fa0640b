"""Pictures as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def picture_to_tensor(picture: np.ndarray) -> Tensor:
    """Convert H x W x 3 uint8 to 1 x 3 x H x W float32, 0..1."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
