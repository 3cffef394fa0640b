"""Kernels of motion in torch: search on the coarsest level, and a step of least squares.

Pure functions of tensors, without weights, exported as small ONNX graphs (`mattebox.training.export.pixel_kernels`).
Motion is N x 2 x h x w: the offsets (x, y), in samples of its own grid, at which the other frame shows the same.
Least squares in windows after Lucas & Kanade, An Iterative Image Registration Technique (1981).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.pixel_kernels import box_blur

SEARCH_RADIUS = 3  # of the block matching, in samples
SEARCH_PENALTY = 0.004  # of a sample of motion, in differences of brightness 0..1: flat areas stay where they are
WINDOW_RADIUS = 3  # of the least squares
MAX_STEP = 1.0  # of a refinement, in samples
REGULARISATION = 2e-4  # added to the gradients' energy


class SearchMotion(nn.Module):
    """Brightness 0..1 of frames and others, N x 1 x h x w each -> motion in whole samples."""

    def forward(self, frame: Tensor, other: Tensor) -> Tensor:
        reach = range(-SEARCH_RADIUS, SEARCH_RADIUS + 1)
        offsets = [(x, y) for y in reach for x in reach]
        padded = F.pad(other, (SEARCH_RADIUS,) * 4, mode="replicate")
        height, width = frame.shape[2], frame.shape[3]
        shifted = torch.cat([
            padded[:, :, SEARCH_RADIUS + y : SEARCH_RADIUS + y + height, SEARCH_RADIUS + x : SEARCH_RADIUS + x + width]
            for x, y in offsets
        ], 1)  # fmt: skip
        penalty = torch.tensor([SEARCH_PENALTY * (abs(x) + abs(y)) for x, y in offsets])[None, :, None, None]
        best = (box_blur((shifted - frame).abs(), 1) + penalty).argmin(1)
        return torch.tensor(offsets, dtype=torch.float32)[best].permute(0, 3, 1, 2)


class ImproveMotion(nn.Module):
    """Brightness of frames and of others where a motion leads, N x 1 x h x w each, and that motion -> motion after a
    step of least squares."""

    def forward(self, frame: Tensor, shown: Tensor, motion: Tensor) -> Tensor:
        gradient_x, gradient_y = _gradients(shown)
        rest = frame - shown
        products = torch.cat([
            gradient_x * gradient_x, gradient_x * gradient_y, gradient_y * gradient_y, gradient_x * rest,
            gradient_y * rest,
        ], 1)  # fmt: skip
        xx, xy, yy, xt, yt = box_blur(products, WINDOW_RADIUS).split(1, 1)
        xx, yy = xx + REGULARISATION, yy + REGULARISATION
        step = torch.cat([yy * xt - xy * yt, xx * yt - xy * xt], 1) / (xx * yy - xy * xy)
        return box_blur(motion + step.clamp(-MAX_STEP, MAX_STEP), 1)


def _gradients(plane: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences across and down, the rim repeated."""
    wide, tall = F.pad(plane, (1, 1, 0, 0), mode="replicate"), F.pad(plane, (0, 0, 1, 1), mode="replicate")
    return (wide[..., 2:] - wide[..., :-2]) / 2, (tall[:, :, 2:] - tall[:, :, :-2]) / 2
