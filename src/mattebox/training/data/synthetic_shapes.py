"""Synthetic training samples: plain shapes, like signs, stickers and prints, with exact mattes.

By batched tensor operations on any device.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

RADIUS_RANGE = (0.15, 0.7)  # of a shape, half the picture's side being 1
GRADIENT_SHARE = 0.67  # of the plain colours
GRADIENT_STRENGTH = 0.25
SECOND_SHAPE_SHARE = 0.5  # of the samples have two shapes
HOLE_SHARE = 0.4  # of the shapes
HOLE_RADIUS_RANGE = (0.06, 0.3)
MAX_HOLE_GRID = 5  # rows and columns of slats and lattices
SOFT_EDGE_SHARE, EXTRA_EDGE_SOFTNESS = 0.25, 6.0  # share of soft edges, and how much wider they are


def draw_shapes_over(backdrop: Tensor) -> tuple[Tensor, Tensor]:
    """Draw one or two shapes over each backdrop N x 3 x H x W; the pictures and their alpha N x 1 x H x W, 0..1."""
    count, size, device = len(backdrop), (backdrop.shape[2], backdrop.shape[3]), backdrop.device
    alpha = torch.zeros_like(backdrop[:, :1])
    for layer in range(2):
        matte = punch_holes(draw_shape_mattes(count, size, device), HOLE_SHARE)
        if layer:
            matte = matte * (torch.rand(count, 1, 1, 1, device=device) < SECOND_SHAPE_SHARE)
        backdrop = torch.lerp(backdrop, draw_plain_colours(count, size, device), matte)
        alpha = 1 - (1 - alpha) * (1 - matte)
    return backdrop, alpha


def punch_holes(matte: Tensor, share: float) -> Tensor:
    """Open holes through some of the mattes N x 1 x H x W: a single one, or a grid of them, as slats and lattices have.

    Parameters
    ----------
    matte : Tensor, N x 1 x H x W
        Alpha, 0..1.
    share : float
        Share of the mattes, 0..1.

    Returns
    -------
    Tensor, N x 1 x H x W
        Alpha with holes; a hole is where the subject is, though it may reach its outline.
    """
    index = torch.nonzero(torch.rand(len(matte), device=matte.device) < share).flatten()
    if not len(index):
        return matte
    count, size = len(index), (matte.shape[2], matte.shape[3])
    single = draw_shape_mattes(count, size, matte.device, HOLE_RADIUS_RANGE)
    grid = _draw_hole_grids(count, size, matte.device)
    is_single = torch.rand(count, 1, 1, 1, device=matte.device) < 0.5
    opened = matte.clone()
    opened[index] = matte[index] * (1 - torch.where(is_single, single, grid))
    return opened


def _draw_hole_grids(count: int, size: tuple[int, int], device: torch.device) -> Tensor:
    """Alpha N x 1 x H x W of grids of holes, with bars between them, in a window of the picture."""
    window = draw_shape_mattes(count, size, device, (0.3, 0.7))
    axes = []
    for axis, length in enumerate(size):
        cells = torch.randint(1, MAX_HOLE_GRID + 1, (count, 1), device=device) * 2.0
        position = torch.linspace(0, 1, length, device=device)[None] * cells + torch.rand(count, 1, device=device)
        bar = 0.08 + 0.25 * torch.rand(count, 1, device=device)
        distance = ((position % 1) - 0.5).abs()  # to the middle of a cell
        gap = ((0.5 - bar - distance) * length / cells + 0.5).clamp(0, 1)
        axes.append(gap.reshape(count, 1, *((length, 1) if axis == 0 else (1, length))))
    return axes[0] * axes[1] * window


def draw_plain_colours(count: int, size: tuple[int, int], device: torch.device) -> Tensor:
    """Plain colours, N x 3 x H x W; two thirds have a slight gradient from corner to corner."""
    corners = torch.rand(count, 3, 2, 2, device=device)
    strength = GRADIENT_STRENGTH * (torch.rand(count, 1, 1, 1, device=device) < GRADIENT_SHARE)
    colours = corners[:, :, :1, :1] + strength * (corners - 0.5)
    return F.interpolate(colours.clamp(0, 1), size=size, mode="bilinear", align_corners=True)


def draw_shape_mattes(
    count: int, size: tuple[int, int], device: torch.device, radius_range: tuple[float, float] = RADIUS_RANGE
) -> Tensor:
    """Mattes N x 1 x H x W of an ellipse, box or rhombus each, upright or rotated, with sharp or soft edges."""
    angle = (torch.rand(count, device=device) - 0.5) * math.pi * (torch.rand(count, device=device) < 0.5)
    radius = radius_range[0] + (radius_range[1] - radius_range[0]) * torch.rand(count, 2, device=device)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1] = angle.cos() / radius[:, 0], -angle.sin() / radius[:, 0]
    theta[:, 1, 0], theta[:, 1, 1] = angle.sin() / radius[:, 1], angle.cos() / radius[:, 1]
    theta[:, :, 2] = torch.rand(count, 2, device=device) - 0.5
    grid = F.affine_grid(theta, [count, 1, *size], align_corners=False).abs()
    distances = torch.stack([grid.norm(dim=3), grid.amax(3), grid.sum(3)])  # of an ellipse, a box, a rhombus
    distance = distances[torch.randint(3, (count,), device=device), torch.arange(count, device=device)]
    softness = 1 + EXTRA_EDGE_SOFTNESS * (torch.rand(count, 1, 1, device=device) < SOFT_EDGE_SHARE)
    return ((1 - distance) * min(size) * 0.2 / softness).clamp(0, 1)[:, None]
