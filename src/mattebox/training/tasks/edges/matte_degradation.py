"""Degradation of an exact matte to a coarse one, as a cutout network gives it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.blur import gaussian_blur
from mattebox.training.tasks.edges.synthetic_mattes import Rng
from mattebox.types import Floats

ACCURATE_MATTE_SHARE = 0.3  # of the coarse mattes


def degrade_matte(rng: Rng, alpha: Floats, step: int) -> Floats:
    """A coarse matte as a network might give it: good, or blurred, without thin parts, moved, too wide, hazy."""
    cells = alpha.shape[0] // step
    x = torch.from_numpy(alpha)[None, None]
    if rng.random() < ACCURATE_MATTE_SHARE:
        return np.asarray(gaussian_blur(F.adaptive_avg_pool2d(x, cells), rng.uniform(0.3, 0.9))[0, 0].numpy())
    if rng.random() < 0.35:  # thin parts melt into one, or vanish
        x = apply_contrast(
            gaussian_blur(F.adaptive_avg_pool2d(x, cells), rng.uniform(0.5, 2.5)),
            rng.uniform(1, 4),
            rng.uniform(0.25, 0.6),
        )
    x = F.adaptive_avg_pool2d(x, cells)
    if rng.random() < 0.5:
        x = warp_randomly(rng, x, rng.uniform(0, 1.5))
    x = gaussian_blur(x, rng.uniform(0.3, 1.6))
    if rng.random() < 0.6:
        x = apply_contrast(x, rng.uniform(0.8, 2.2), rng.uniform(0.35, 0.65))
    if rng.random() < 0.5:
        haze = F.interpolate(torch.from_numpy(rng.normal(0, 0.05, (1, 1, 5, 5)).astype(np.float32)), size=x.shape[2:],
                             mode="bicubic")  # fmt: skip
        x = x + haze
    return np.asarray(x.clamp(0, 1)[0, 0].numpy())


def apply_contrast(x: Tensor, slope: float, centre: float) -> Tensor:
    """Stretch values about a centre by a slope, clipped to 0..1."""
    return ((x - centre) * slope + 0.5).clamp(0, 1)


def warp_randomly(rng: Rng, x: Tensor, max_shift: float) -> Tensor:
    """Warp by a smooth random field of a few samples."""
    height, width = x.shape[2:]
    field = torch.from_numpy(rng.normal(0, max_shift, (1, 2, 5, 5)).astype(np.float32))
    field = F.interpolate(field, size=(height, width), mode="bicubic")[0].permute(1, 2, 0)
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    grid = torch.stack([columns, rows], 2) + field * torch.tensor([2 / width, 2 / height])
    return F.grid_sample(x, grid[None], padding_mode="border", align_corners=False)
