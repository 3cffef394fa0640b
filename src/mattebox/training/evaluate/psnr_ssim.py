"""PSNR and SSIM of pictures as tensors, as in published tables of super-resolution."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def psnr(result: Tensor, reference: Tensor) -> float:
    """Peak signal-to-noise ratio in decibels of pictures 0..1."""
    return -10 * math.log10(max(float(((result - reference) ** 2).mean()), 1e-10))


def ssim(result: Tensor, reference: Tensor) -> float:
    """Structural similarity (Wang et al. 2004) of luma N x 1 x H x W, 0..1; windows of 11 x 11 inside the picture."""
    line = torch.exp(-0.5 * ((torch.arange(11.0) - 5) / 1.5) ** 2)
    window = (line[:, None] * line)[None, None] / line.sum() ** 2

    def mean(x: Tensor) -> Tensor:
        return F.conv2d(x, window)

    a, b = mean(result), mean(reference)
    variance_a, variance_b = mean(result * result) - a * a, mean(reference * reference) - b * b
    covariance = mean(result * reference) - a * b
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * a * b + c1) * (2 * covariance + c2)) / ((a * a + b * b + c1) * (variance_a + variance_b + c2))
    return float(similarity.mean())


def luma(picture: Tensor) -> Tensor:
    """ITU-R BT.601 luma in studio range, N x 1 x H x W, as MATLAB's rgb2ycbcr gives it."""
    weights = torch.tensor([65.481, 128.553, 24.966], device=picture.device) / 255
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True) + 16 / 255


def round_to_8_bits(picture: Tensor) -> Tensor:
    """Clip to 0..1 and round to multiples of 1/255."""
    return (picture.clamp(0, 1) * 255).round() / 255
