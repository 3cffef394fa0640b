"""Kernels of motion in torch: search on the coarsest level, least squares on each level, planes moved along a motion.

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
REFINEMENTS = 2  # on each level
MAX_STEP = 1.0  # of a refinement, in samples
REGULARISATION = 2e-4  # added to the gradients' energy
ROUND_TRIP_SAMPLES = 0.25  # of error, on a quarter of the matte's grid, at which trust in a frame has fallen to 1/e
COLOUR_DIFFERENCE = 0.06  # of colours 0..1, the same


def move(planes: Tensor, motion: Tensor) -> Tensor:
    """Planes N x C x h x w at each sample's offset, bilinear; their rim is repeated beyond it."""
    height, width = planes.shape[2], planes.shape[3]
    x = motion[:, 0] + torch.arange(width)
    y = motion[:, 1] + torch.arange(height)[:, None]
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1)
    return F.grid_sample(planes, grid, padding_mode="border", align_corners=False)


class MovePlanes(nn.Module):
    """Planes N x C x h x w and motion N x 2 x h x w -> N x C x h x w."""

    def forward(self, planes: Tensor, motion: Tensor) -> Tensor:
        return move(planes, motion)


class MoveMatte(nn.Module):
    """A matte 1 x 1 x H x W, along a motion 1 x 2 x h x w on half its grid -> 1 x 1 x H x W."""

    def forward(self, matte: Tensor, motion: Tensor) -> Tensor:
        size = matte.shape[2:]
        return move(matte, 2 * F.interpolate(motion, size=size, mode="bilinear", align_corners=False))


class ExtendRoute(nn.Module):
    """The motion over two frames and back, and how far the farther frame can be relied on.

    Colours of a frame and of the farther one, 1 x 3 x h x w; motion from the frame to the nearer one and back, and from
    the nearer to the farther one and back, 1 x 2 x h x w each -> motion to the farther one and back, and trust
    1 x 1 x h/2 x w/2 (see `FrameTrust`).
    """

    def forward(
        self, colours: Tensor, other: Tensor, near: Tensor, near_back: Tensor, far: Tensor, far_back: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        there, back = near + move(far, near), far_back + move(near_back, far_back)
        return there, back, trust_frame(colours, other, there, back)


class FrameTrust(nn.Module):
    """Colours of two frames, 1 x 3 x h x w, and the motion from one to the other and back, 1 x 2 x h x w ->
    1 x 1 x h/2 x w/2, 0..1: by the way there and back, and by colour."""

    def forward(self, colours: Tensor, other: Tensor, there: Tensor, back: Tensor) -> Tensor:
        return trust_frame(colours, other, there, back)


def trust_frame(colours: Tensor, other: Tensor, there: Tensor, back: Tensor) -> Tensor:
    """See `FrameTrust`."""
    reduced = halve(there) / 2
    path = (reduced + move(halve(back) / 2, reduced)) / ROUND_TRIP_SAMPLES
    colour = (move(other, there) - colours).abs().amax(1, keepdim=True) / COLOUR_DIFFERENCE
    return (-(path * path).sum(1, keepdim=True)).exp() * halve((-colour * colour).exp())


def halve(planes: Tensor) -> Tensor:
    """Means of 2 x 2 samples; an odd last row or column is repeated."""
    return F.avg_pool2d(planes, 2, 2, ceil_mode=True, count_include_pad=False)


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


class RefineMotion(nn.Module):
    """Brightness of frames and others, N x 1 x h x w each, and motion -> motion after a few steps of least squares."""

    def forward(self, frame: Tensor, other: Tensor, motion: Tensor) -> Tensor:
        for _ in range(REFINEMENTS):
            shown = move(other, motion)
            gradient_x, gradient_y = _gradients(shown)
            rest = frame - shown
            products = torch.cat([
                gradient_x * gradient_x, gradient_x * gradient_y, gradient_y * gradient_y, gradient_x * rest,
                gradient_y * rest,
            ], 1)  # fmt: skip
            xx, xy, yy, xt, yt = box_blur(products, WINDOW_RADIUS).split(1, 1)
            xx, yy = xx + REGULARISATION, yy + REGULARISATION
            step = torch.cat([yy * xt - xy * yt, xx * yt - xy * xt], 1) / (xx * yy - xy * xy)
            motion = box_blur(motion + step.clamp(-MAX_STEP, MAX_STEP), 1)
        return motion


def _gradients(plane: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences across and down, the rim repeated."""
    wide, tall = F.pad(plane, (1, 1, 0, 0), mode="replicate"), F.pad(plane, (0, 0, 1, 1), mode="replicate")
    return (wide[..., 2:] - wide[..., :-2]) / 2, (tall[:, :, 2:] - tall[:, :, :-2]) / 2
