"""Prior mattes for training: true mattes as a frame before would have had them, moved, coarse, and with mistakes.

All functions take mattes N x 1 x H x W, 0..1, and give new ones; random numbers are torch's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.blur import box_blur
from mattebox.training.data.synthetic_shapes import draw_shape_mattes

SHIFT_SCALE, MAX_SHIFT = 0.02, 0.3  # mean of the shift's length, and the most; half the picture's side being 1
SCALE_SPREAD, ANGLE_SPREAD = 0.02, 0.03  # standard deviations: of the size's logarithm, and of the angle in radians
BEND_CELLS, BEND_SPREAD = 5, 0.012  # grid of random displacements, and their standard deviation
MAX_MOTION = 6.0  # times those, in few mattes
MISTAKEN_SHARE = 0.45  # of the mattes; of those:
MISSING_SHARE, EXTRA_SHARE = 0.45, 0.35  # miss a part, or have a piece too much
GROWN_SHARE, FILLED_SHARE, UNCERTAIN_SHARE = 0.5, 0.2, 0.5  # are grown or shrunk, have filled holes, or are unsure
PATCH_RADIUS_RANGE = (0.06, 0.4)  # of a part or a piece
MAX_GROWTH_SAMPLES, FILLED_SAMPLES = 2, 7  # on half the picture's grid
DOUBT_CELLS, DOUBT_SPREAD = 4, 2.5  # grid of the doubt that is added to logits, and its standard deviation
BLUR_SIZES = (1, 1, 3)  # on half the picture's grid
MIN_PROBABILITY = 3e-3  # before doubt is added


def disturb_mattes(alpha: Tensor) -> Tensor:
    """Mattes as those of a frame before: with mistakes, moved and blurred; on half the grid, which is all that a
    clip network sees of a prior."""
    half = blur_mattes(move_mattes(add_mistakes(F.avg_pool2d(alpha, 2))))
    return F.interpolate(half, size=alpha.shape[2:], mode="bilinear", align_corners=False).clamp(0, 1)


def move_mattes(alpha: Tensor, strength: float = 1.0) -> Tensor:
    """Shift, scale, turn and bend mattes: most a little, some a lot. `strength` is a factor of all motion."""
    count, device = len(alpha), alpha.device
    motion = strength * torch.empty(count, device=device).exponential_().clamp_max(MAX_MOTION)
    length = (motion * 2 * SHIFT_SCALE * torch.rand(count, device=device)).clamp_max(MAX_SHIFT)
    direction = torch.rand(count, device=device) * (2 * torch.pi)
    scale = torch.exp(torch.randn(count, device=device) * SCALE_SPREAD * motion)
    angle = torch.randn(count, device=device) * ANGLE_SPREAD * motion
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1] = scale * angle.cos(), -scale * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = scale * angle.sin(), scale * angle.cos()
    # about the middle of each matte, not of the picture
    centre = _centres(alpha)
    offset = torch.stack([length * direction.cos(), length * direction.sin()], 1)
    theta[:, :, 2] = centre - torch.einsum("nij,nj->ni", theta[:, :, :2], centre) + offset
    grid = F.affine_grid(theta, list(alpha.shape), align_corners=False)
    bend = torch.randn(count, 2, BEND_CELLS, BEND_CELLS, device=device) * BEND_SPREAD
    bend = bend * motion[:, None, None, None]
    bend = F.interpolate(bend, size=alpha.shape[2:], mode="bicubic", align_corners=False)
    return F.grid_sample(alpha, grid + bend.permute(0, 2, 3, 1), padding_mode="border", align_corners=False)


def add_mistakes(alpha: Tensor) -> Tensor:
    """Mattes of which a share has the mistakes that networks make: a part missing, a piece too much, and so on."""
    index = torch.nonzero(torch.rand(len(alpha), device=alpha.device) < MISTAKEN_SHARE).flatten()
    if not len(index):
        return alpha
    mistaken = alpha.clone()
    mistaken[index] = _add_doubt(_grow_or_shrink(_change_parts(alpha[index])))
    return mistaken


def _change_parts(alpha: Tensor) -> Tensor:
    """Take a part from some mattes, add a piece to some, and fill the holes of some."""
    size = alpha.shape[2], alpha.shape[3]
    part, piece = (box_blur(draw_shape_mattes(len(alpha), size, alpha.device, PATCH_RADIUS_RANGE), 5) for _ in range(2))
    alpha = alpha * (1 - part * _chosen(alpha, MISSING_SHARE))
    alpha = torch.maximum(alpha, piece * _chosen(alpha, EXTRA_SHARE))
    filled = _erode(_dilate(alpha, FILLED_SAMPLES), FILLED_SAMPLES)
    return torch.where(_chosen(alpha, FILLED_SHARE) > 0, filled, alpha)


def _add_doubt(alpha: Tensor) -> Tensor:
    """Make some mattes less or more certain here and there."""
    size, chosen = (alpha.shape[2], alpha.shape[3]), _chosen(alpha, UNCERTAIN_SHARE)
    doubt = torch.randn(len(alpha), 1, DOUBT_CELLS, DOUBT_CELLS, device=alpha.device) * DOUBT_SPREAD
    doubt = F.interpolate(doubt, size=size, mode="bicubic", align_corners=False)
    unsure = torch.sigmoid(torch.logit(alpha, MIN_PROBABILITY) + doubt)
    return torch.where(chosen > 0, unsure, alpha)


def blur_mattes(alpha: Tensor) -> Tensor:
    """Blur each matte by a box of a random size."""
    blurred = torch.stack([alpha if size == 1 else box_blur(alpha, size) for size in BLUR_SIZES])
    choice = torch.randint(len(BLUR_SIZES), (len(alpha),), device=alpha.device)
    return blurred[choice, torch.arange(len(alpha), device=alpha.device)]


def _grow_or_shrink(alpha: Tensor) -> Tensor:
    """Some mattes dilated, some eroded, all of a call by the same number of samples."""
    radius = int(torch.randint(1, MAX_GROWTH_SAMPLES + 1, ()))
    choice = torch.rand(len(alpha), 1, 1, 1, device=alpha.device)
    alpha = torch.where(choice < GROWN_SHARE / 2, _dilate(alpha, 2 * radius + 1), alpha)
    return torch.where(choice > 1 - GROWN_SHARE / 2, _erode(alpha, 2 * radius + 1), alpha)


def _centres(alpha: Tensor) -> Tensor:
    """Centre of gravity of each matte, x and y in -1..1; 0 of empty ones."""
    mass = alpha.sum((1, 2, 3)).clamp_min(1e-6)
    x = torch.linspace(-1, 1, alpha.shape[3], device=alpha.device)
    y = torch.linspace(-1, 1, alpha.shape[2], device=alpha.device)
    columns, rows = alpha.sum((1, 2)), alpha.sum((1, 3))
    return torch.stack([(columns * x).sum(1) / mass, (rows * y).sum(1) / mass], 1)


def _chosen(alpha: Tensor, share: float) -> Tensor:
    """1 for a random share of the mattes, else 0; N x 1 x 1 x 1."""
    return (torch.rand(len(alpha), 1, 1, 1, device=alpha.device) < share).float()


def _dilate(alpha: Tensor, size: int) -> Tensor:
    return F.max_pool2d(alpha, size, 1, size // 2)


def _erode(alpha: Tensor, size: int) -> Tensor:
    return -F.max_pool2d(-alpha, size, 1, size // 2)
