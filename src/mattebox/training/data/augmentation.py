"""Geometric augmentation of pool pictures by one grid sampling each, and helpers for compositing training samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.blur import box_blur
from mattebox.training.data.pool import PicturePool


def crop_randomly(
    pool: PicturePool,
    indices: Tensor,
    size: tuple[int, int],
    crop_range: tuple[float, float] | None = None,
    allow_outside: bool = False,
) -> Tensor:
    """Sample pictures of a pool through random crops, flips, stretches and small rotations.

    Parameters
    ----------
    pool : PicturePool
        The pictures.
    indices : Tensor, N
        Numbers of the pictures to sample.
    size : (int, int)
        Height and width of the samples.
    crop_range : (float, float), optional
        Range of the crop's longer side as a share of the picture's; by default half of the samples are the full frame.
    allow_outside : bool
        Whether the crop may leave the picture; it is transparent there.

    Returns
    -------
    Tensor, N x 4 x H x W
        RGBA, 0..1; N x 5 where the pool has pixel weights, which come last.
    """
    count, device = len(indices), pool.rgba.device
    aspect = pool.aspect_ratios[indices].to(device)
    stretch = torch.exp((torch.rand(count, device=device) - 0.5) * 2 * math.log(1.35))
    ratio = size[1] / size[0] * stretch / aspect  # width / height of the crop in units of the square pool picture
    low, high = crop_range or (0.5, 1.0)
    longer = low * (high / low) ** torch.rand(count, device=device)
    width = longer * torch.where(ratio >= 1, torch.ones_like(ratio), ratio)
    height = longer * torch.where(ratio >= 1, 1 / ratio, torch.ones_like(ratio))
    if crop_range is None:
        is_full_frame = torch.rand(count, device=device) < 0.5
        frame = 0.88 + 0.12 * torch.rand(2, count, device=device)
        width, height = torch.where(is_full_frame, frame[0], width), torch.where(is_full_frame, frame[1], height)
    shift = torch.rand(2, count, device=device) * 2 - 1
    centre_x, centre_y = shift[0] * (1 - width).abs(), shift[1] * (1 - height).abs()
    if allow_outside:  # most of the picture stays in view
        centre_x, centre_y = centre_x * 0.9, centre_y * 0.9
    mirror = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
    angle = (torch.rand(count, device=device) - 0.5) * 0.3 * (torch.rand(count, device=device) < 0.25)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1], theta[:, 0, 2] = mirror * width * angle.cos(), -width * angle.sin(), centre_x
    theta[:, 1, 0], theta[:, 1, 1], theta[:, 1, 2] = mirror * height * angle.sin(), height * angle.cos(), centre_y
    grid = F.affine_grid(theta, [count, 1, *size], align_corners=False)
    source = pool.rgba[indices.to(device)].float().div_(255)
    if pool.pixel_weights is not None:
        weights = pool.pixel_weights[indices.to(device)].float().div_(255)
        weights = F.interpolate(weights, size=source.shape[2:], mode="bilinear", align_corners=False)
        source = torch.cat([source, weights], 1)
    return F.grid_sample(source, grid, padding_mode="zeros" if allow_outside else "reflection", align_corners=False)


def shrink_mask(matte: Tensor) -> Tensor:
    """Shrink a hard mask by about a pixel and soften it, so that no old background remains along its edge."""
    return box_blur(-F.max_pool2d(-matte, 3, 1, 1), 3)


def edge_band(alpha: Tensor, radius: int) -> Tensor:
    """1 within `radius` pixels of the outline, else 0."""
    size = 2 * radius + 1
    return ((F.max_pool2d(alpha, size, 1, radius) + F.max_pool2d(-alpha, size, 1, radius)) > 0.5).float()


def cast_shadow(rgb: Tensor, matte: Tensor) -> Tensor:
    """Darken the background below and beside the subject, in a third of the samples."""
    count, height = len(rgb), rgb.shape[2]
    strength = (
        0.6 * torch.rand(count, 1, 1, 1, device=rgb.device) * (torch.rand(count, 1, 1, 1, device=rgb.device) < 0.35)
    )
    soft = F.interpolate(matte, scale_factor=0.125, mode="area")
    soft = F.interpolate(box_blur(soft, 3), size=rgb.shape[2:], mode="bilinear", align_corners=False)
    return rgb * (1 - strength * torch.roll(soft, (height // 20, height // 30), (2, 3)))


def bucket_sizes(side: int, multiple: int = 32) -> Sequence[tuple[int, int]]:
    """Heights and widths of about `side` squared pixels at the usual aspect ratios of photographs."""
    sizes = set()
    for aspect in (0.56, 0.67, 0.75, 0.85, 1.0, 1.0, 1.18, 1.33, 1.5, 1.78):
        height = max(multiple, round(side / math.sqrt(aspect) / multiple) * multiple)
        width = max(multiple, round(side * math.sqrt(aspect) / multiple) * multiple)
        sizes.add((height, width))
    return sorted(sizes)
