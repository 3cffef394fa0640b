"""Signs, stickers and prints: drawn shapes of plain colours on their ground, whose mattes are known exactly.

In whole-batch tensor operations on any device. Knows nothing of photographs, files or networks.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

RADII = (0.15, 0.7)  # of a shape, half the picture's side being 1
GRADED = 0.67  # of the plain colours change a little
CHANGE = 0.25
SECOND = 0.5  # of the drawings hold two shapes
SOFT, SOFTER = 0.25, 6.0  # share of edges that are soft, and by how much more


def drawn(ground: Tensor) -> tuple[Tensor, Tensor]:
    """One or two shapes on each of N x 3 x H x W grounds, and their alpha, N x 1 x H x W; all 0..1."""
    count, size, device = len(ground), (ground.shape[2], ground.shape[3]), ground.device
    alpha = torch.zeros_like(ground[:, :1])
    for layer in range(2):
        matte = shapes(count, size, device)
        if layer:
            matte = matte * (torch.rand(count, 1, 1, 1, device=device) < SECOND)
        ground = torch.lerp(ground, plain(count, size, device), matte)
        alpha = 1 - (1 - alpha) * (1 - matte)
    return ground, alpha


def plain(count: int, size: tuple[int, int], device: torch.device) -> Tensor:
    """N x 3 x H x W: a colour that changes a little from corner to corner, or in a third of them not at all."""
    corners = torch.rand(count, 3, 2, 2, device=device)
    change = CHANGE * (torch.rand(count, 1, 1, 1, device=device) < GRADED)
    near = corners[:, :, :1, :1] + change * (corners - 0.5)
    return F.interpolate(near.clamp(0, 1), size=size, mode="bilinear", align_corners=True)


def shapes(count: int, size: tuple[int, int], device: torch.device, radii: tuple[float, float] = RADII) -> Tensor:
    """N x 1 x H x W: one ellipse, box or rhombus for each sample, upright or turned, its edge a pixel or some soft."""
    angle = (torch.rand(count, device=device) - 0.5) * math.pi * (torch.rand(count, device=device) < 0.5)
    radius = radii[0] + (radii[1] - radii[0]) * torch.rand(count, 2, device=device)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1] = angle.cos() / radius[:, 0], -angle.sin() / radius[:, 0]
    theta[:, 1, 0], theta[:, 1, 1] = angle.sin() / radius[:, 1], angle.cos() / radius[:, 1]
    theta[:, :, 2] = torch.rand(count, 2, device=device) - 0.5
    grid = F.affine_grid(theta, [count, 1, *size], align_corners=False).abs()
    far = torch.stack([grid.norm(dim=3), grid.amax(3), grid.sum(3)])
    chosen = far[torch.randint(3, (count,), device=device), torch.arange(count, device=device)]
    soft = 1 + SOFTER * (torch.rand(count, 1, 1, device=device) < SOFT)
    return ((1 - chosen) * min(size) * 0.2 / soft).clamp(0, 1)[:, None]
