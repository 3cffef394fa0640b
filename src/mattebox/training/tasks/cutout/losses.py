"""Losses of the cutout network: calibrated alpha (cross entropy), whole subjects (soft IoU), soft edges (L1).

Deep supervision repeats the first two at coarser scales. Pixels at the boundary and in thin parts may count more.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.augmentation import edge_band
from mattebox.training.data.batch_sampler import TrainingBatch

SIDE_LOSS_WEIGHT = 0.2
BOUNDARY_RADIUS_PIXELS = 2
THIN_PART_RADIUS = 0.03  # of the diagonal: of the opening that removes thin parts
IOU_LOSS_WEIGHT = 0.5
MIN_SUBJECT_SHARE = 0.002  # mean alpha from which a sample has a subject, and an IoU


def cutout_loss(
    logits: Tensor,
    side_logits: list[Tensor],
    batch: TrainingBatch,
    boundary_weight: float = 0.0,
    thin_weight: float = 0.0,
    iou_weight: float = IOU_LOSS_WEIGHT,
) -> Tensor:
    """Loss of the network's logits against a batch.

    Parameters
    ----------
    logits : Tensor, N x 1 x H x W
        Logits of alpha.
    side_logits : list of Tensor, N x 1 x h x w
        Logits of the deeply supervised layers, at coarser scales.
    batch : TrainingBatch
        The true alpha, and where it is to be trusted.
    boundary_weight, thin_weight : float
        Additional weight of pixels at the boundary and in thin parts; the mean weight of the batch stays as it is.
    iou_weight : float
        Weight of the soft IoU. The larger it is, the more often a doubtful pixel is taken for the subject; with 0 it is
        from a probability of 0.5 on.

    Returns
    -------
    Tensor
        A scalar.
    """
    pixel_weights = batch.pixel_weights
    if boundary_weight or thin_weight:
        emphasis = 1 + boundary_weight * edge_band(batch.alpha, BOUNDARY_RADIUS_PIXELS)
        pixel_weights = pixel_weights * (emphasis + thin_weight * thin_parts(batch.alpha))
        pixel_weights = pixel_weights * (batch.pixel_weights.mean() / pixel_weights.mean().clamp_min(1e-6))
    loss = _region_loss(logits, batch.alpha, pixel_weights, iou_weight)
    loss = loss + _edge_loss(logits, batch.alpha, pixel_weights, batch.has_exact_edges)
    for side in side_logits:
        target = F.interpolate(batch.alpha, size=side.shape[2:], mode="area")
        weights = F.interpolate(batch.pixel_weights, size=side.shape[2:], mode="area")
        loss = loss + SIDE_LOSS_WEIGHT * _region_loss(side, target, weights, iou_weight)
    return loss


def thin_parts(alpha: Tensor) -> Tensor:
    """Thin parts of mattes N x 1 x H x W, 0 or 1: what an opening removes; computed at a quarter of the size."""
    height, width = alpha.shape[2:]
    quarter = (F.avg_pool2d(alpha, 4) > 0.35).float()
    radius = max(1, round(THIN_PART_RADIUS * math.hypot(height, width) / 4))
    eroded = -F.max_pool2d(-quarter, 2 * radius + 1, 1, radius)
    opened = F.max_pool2d(eroded, 2 * radius + 1, 1, radius)
    removed = F.interpolate(quarter * (1 - opened), size=(height, width), mode="nearest")
    return removed * (F.max_pool2d(alpha, 5, 1, 2) > 0.5)


def _region_loss(logits: Tensor, alpha: Tensor, pixel_weights: Tensor, iou_weight: float) -> Tensor:
    """Cross entropy plus soft IoU (Rahman & Wang 2016) of each sample, weighted by pixel."""
    logits = logits.float()
    entropy = (F.binary_cross_entropy_with_logits(logits, alpha, reduction="none") * pixel_weights).mean()
    p = logits.sigmoid()
    intersection = (p * alpha * pixel_weights).sum((1, 2, 3))
    union = ((p + alpha - p * alpha) * pixel_weights).sum((1, 2, 3))
    present = (alpha.mean((1, 2, 3)) > MIN_SUBJECT_SHARE).float()
    iou_loss = 1 - (intersection + 1) / (union + 1)
    return entropy + iou_weight * (iou_loss * present * pixel_weights.mean((1, 2, 3)).clamp_max(1)).mean()


def _edge_loss(logits: Tensor, alpha: Tensor, pixel_weights: Tensor, has_exact_edges: Tensor) -> Tensor:
    """L1 on alpha, which sharpens it, and on its gradient for samples whose edges are exact."""
    p, weight = logits.float().sigmoid(), pixel_weights * has_exact_edges[:, None, None, None]
    value = (pixel_weights * (p - alpha).abs()).mean()
    slope = sum((weight * (_difference(p, d) - _difference(alpha, d)).abs()).mean() for d in (2, 3))
    return value + slope


def _difference(x: Tensor, axis: int) -> Tensor:
    return x - torch.roll(x, 1, axis)
