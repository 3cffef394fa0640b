"""Blurs of pictures in batches: box and Gaussian, of tensors N x C x H x W on any device."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def box_blur(x: Tensor, size: int) -> Tensor:
    """Mean over squares of `size` pixels; only pixels inside the picture count."""
    return F.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)


def gaussian_blur(x: Tensor, sigma: float) -> Tensor:
    """Separable Gaussian blur of `sigma` pixels; the edge pixels are repeated outside the picture."""
    reach, channels = max(1, round(3 * sigma)), x.shape[1]
    line = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=x.device) / sigma) ** 2)
    line = (line / line.sum()).expand(channels, 1, 1, -1)
    padded = F.pad(x, [reach] * 4, mode="replicate")
    across = F.conv2d(padded, line, groups=channels)
    return F.conv2d(across, line.transpose(2, 3), groups=channels)


def anisotropic_blur(x: Tensor, sigma_along: float, sigma_across: float, angle: float) -> Tensor:
    """Gaussian blur with two standard deviations in pixels, turned by an angle in radians."""
    reach, channels = max(1, math.ceil(2.5 * max(sigma_along, sigma_across))), x.shape[1]
    rows, columns = torch.meshgrid(*[torch.arange(-reach, reach + 1.0)] * 2, indexing="ij")
    u = columns * math.cos(angle) + rows * math.sin(angle)
    v = rows * math.cos(angle) - columns * math.sin(angle)
    kernel = torch.exp(-0.5 * ((u / sigma_along) ** 2 + (v / sigma_across) ** 2)).to(x)
    kernel = (kernel / kernel.sum()).expand(channels, 1, -1, -1)
    return F.conv2d(F.pad(x, [reach] * 4, mode="replicate"), kernel, groups=channels)
