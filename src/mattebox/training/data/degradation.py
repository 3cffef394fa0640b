"""Photometric degradation of training batches: colour casts, contrast, grey, blur, motion blur, noise, JPEG.

Each on a random part of the samples, on their device; the others cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.blur import box_blur

MOTION_SAMPLES = 7  # along the path of the movement


def degrade_batch(rgb: Tensor) -> Tensor:
    """Degrade N x 3 x H x W, 0..1, each kind on some of the samples."""
    count, device = len(rgb), rgb.device

    def uniform(low: float, high: float, channels: int = 1) -> Tensor:
        return low + (high - low) * torch.rand(count, channels, 1, 1, device=device)

    def chance(share: float) -> Tensor:
        return torch.rand(count, 1, 1, 1, device=device) < share

    rgb = rgb.clamp(1e-4, 1) ** torch.exp(uniform(-0.45, 0.45))
    rgb = rgb * torch.where(chance(0.5), uniform(0.85, 1.15, 3), torch.ones(1, device=device))
    mean = rgb.mean((1, 2, 3), keepdim=True)
    rgb = (rgb - mean) * torch.where(chance(0.15), uniform(0.25, 0.6), uniform(0.75, 1.25)) + mean * uniform(0.85, 1.15)
    grey = rgb.mean(1, keepdim=True)
    rgb = grey + (rgb - grey) * torch.where(chance(0.07), torch.zeros(1, device=device), uniform(0.6, 1.4))
    apply_to_some(0.12, rgb, lambda x: box_blur(x, 3))
    apply_to_some(0.06, rgb, lambda x: box_blur(box_blur(x, 5), 3))
    apply_to_some(0.06, rgb, add_motion_blur)
    rgb = (rgb + torch.randn_like(rgb) * torch.where(chance(0.25), uniform(0.005, 0.06), 0.0)).clamp(0, 1)
    apply_to_some(
        0.25, rgb, lambda x: add_jpeg_artefacts(x, 0.02 + 0.12 * torch.rand(len(x), 1, 1, 1, device=device)).clamp(0, 1)
    )
    return rgb


def apply_to_some(share: float, x: Tensor, transform: Callable[[Tensor], Tensor]) -> None:
    """Transform about this share of the samples in place."""
    indices = torch.nonzero(torch.rand(len(x), device=x.device) < share).flatten()
    if len(indices):
        x[indices] = transform(x[indices])


def add_motion_blur(rgb: Tensor) -> Tensor:
    """Motion blur: the mean along a line of random length and direction for each sample."""
    count, device = len(rgb), rgb.device
    angle, length = torch.rand(2, count, device=device)
    reach = (0.01 + 0.03 * length)[:, None] * torch.stack([(angle * math.pi).cos(), (angle * math.pi).sin()], 1)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    total = torch.zeros_like(rgb)
    for step in torch.linspace(-1, 1, MOTION_SAMPLES).tolist():
        theta[:, :, 2] = step * reach
        grid = F.affine_grid(theta, list(rgb.shape), align_corners=False)
        total += F.grid_sample(rgb, grid, padding_mode="reflection", align_corners=False)
    return total / MOTION_SAMPLES


def add_jpeg_artefacts(rgb: Tensor, quantisation_step: Tensor) -> Tensor:
    """JPEG-like artefacts: 8 x 8 DCT coefficients rounded to `quantisation_step`, which grows with the frequency."""
    height, width = (s // 8 * 8 for s in rgb.shape[2:])
    n = torch.arange(8, device=rgb.device)
    basis = torch.cos((2 * n[None] + 1) * n[:, None] * math.pi / 16) * math.sqrt(2 / 8)
    basis[0] /= math.sqrt(2)
    blocks = rgb[:, :, :height, :width].unfold(2, 8, 8).unfold(3, 8, 8)
    coefficients = basis @ blocks @ basis.T
    steps = quantisation_step[..., None, None] * (1 + 0.35 * (n[:, None] + n[None]))
    coefficients = (coefficients / steps).round() * steps
    restored = (basis.T @ coefficients @ basis).permute(0, 1, 2, 4, 3, 5).reshape(*rgb.shape[:2], height, width)
    out = rgb.clone()
    out[:, :, :height, :width] = restored
    return out
