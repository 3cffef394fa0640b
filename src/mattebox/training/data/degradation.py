"""What photographs suffer, in batches on their device: colour casts, low contrast, grey, blur, motion, noise, JPEG.

Each on some of the samples; the others cost nothing. Knows nothing of masks.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

MOTION_SAMPLES = 7  # samples along the path of something that moved


def degrade_batch(rgb: Tensor) -> Tensor:
    """Colour, contrast, grey, blur, motion, noise and JPEG: each on some of the samples."""
    count, device = len(rgb), rgb.device

    def dice(low: float, high: float, channels: int = 1) -> Tensor:
        return low + (high - low) * torch.rand(count, channels, 1, 1, device=device)

    def some(share: float) -> Tensor:
        return torch.rand(count, 1, 1, 1, device=device) < share

    rgb = rgb.clamp(1e-4, 1) ** torch.exp(dice(-0.45, 0.45))
    rgb = rgb * torch.where(some(0.5), dice(0.85, 1.15, 3), torch.ones(1, device=device))
    mean = rgb.mean((1, 2, 3), keepdim=True)
    rgb = (rgb - mean) * torch.where(some(0.15), dice(0.25, 0.6), dice(0.75, 1.25)) + mean * dice(0.85, 1.15)
    grey = rgb.mean(1, keepdim=True)
    rgb = grey + (rgb - grey) * torch.where(some(0.07), torch.zeros(1, device=device), dice(0.6, 1.4))
    apply_to_some(0.12, rgb, lambda x: box_blur(x, 3))
    apply_to_some(0.06, rgb, lambda x: box_blur(box_blur(x, 5), 3))
    apply_to_some(0.06, rgb, add_motion_blur)
    rgb = (rgb + torch.randn_like(rgb) * torch.where(some(0.25), dice(0.005, 0.06), 0.0)).clamp(0, 1)
    apply_to_some(
        0.25, rgb, lambda x: add_jpeg_artefacts(x, 0.02 + 0.12 * torch.rand(len(x), 1, 1, 1, device=device)).clamp(0, 1)
    )
    return rgb


def apply_to_some(share: float, x: Tensor, transform: Callable[[Tensor], Tensor]) -> None:
    """Change about this share of the samples, in place; the others cost nothing."""
    chosen = torch.nonzero(torch.rand(len(x), device=x.device) < share).flatten()
    if len(chosen):
        x[chosen] = transform(x[chosen])


def add_motion_blur(rgb: Tensor) -> Tensor:
    """Moved while it was taken: the mean along a short line, of another length and direction for each sample."""
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
    """Blocks of 8 x 8 cosines, coefficients rounded to multiples of `quantisation_step` growing with frequency."""
    height, width = (s // 8 * 8 for s in rgb.shape[2:])
    n = torch.arange(8, device=rgb.device)
    basis = torch.cos((2 * n[None] + 1) * n[:, None] * math.pi / 16) * math.sqrt(2 / 8)
    basis[0] /= math.sqrt(2)
    blocks = rgb[:, :, :height, :width].unfold(2, 8, 8).unfold(3, 8, 8)
    waves = basis @ blocks @ basis.T
    grid = quantisation_step[..., None, None] * (1 + 0.35 * (n[:, None] + n[None]))
    waves = (waves / grid).round() * grid
    restored = (basis.T @ waves @ basis).permute(0, 1, 2, 4, 3, 5).reshape(*rgb.shape[:2], height, width)
    out = rgb.clone()
    out[:, :, :height, :width] = restored
    return out


def box_blur(x: Tensor, size: int) -> Tensor:
    return F.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)
