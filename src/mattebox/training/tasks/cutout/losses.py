"""Losses of the cutout network: calibrated alpha (cross entropy), whole subjects (soft IoU), soft edges (L1).

Deep supervision repeats the first two at coarser scales.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.batch_sampler import TrainingBatch

SIDE_LOSS_WEIGHT = 0.2
MIN_SUBJECT_SHARE = 0.002  # mean alpha from which a sample has a subject, and an IoU


def cutout_loss(logits: Tensor, side_logits: list[Tensor], batch: TrainingBatch) -> Tensor:
    """Loss of the network's logits against a batch.

    Parameters
    ----------
    logits : Tensor, N x 1 x H x W
        Logits of alpha.
    side_logits : list of Tensor, N x 1 x h x w
        Logits of the deeply supervised layers, at coarser scales.
    batch : TrainingBatch
        The true alpha, and where it is to be trusted.

    Returns
    -------
    Tensor
        A scalar.
    """
    loss = _region_loss(logits, batch.alpha, batch.pixel_weights) + _edge_loss(
        logits, batch.alpha, batch.pixel_weights, batch.has_exact_edges
    )
    for side in side_logits:
        target = F.interpolate(batch.alpha, size=side.shape[2:], mode="area")
        weights = F.interpolate(batch.pixel_weights, size=side.shape[2:], mode="area")
        loss = loss + SIDE_LOSS_WEIGHT * _region_loss(side, target, weights)
    return loss


def _region_loss(logits: Tensor, alpha: Tensor, pixel_weights: Tensor) -> Tensor:
    """Cross entropy plus soft IoU (Rahman & Wang 2016) of each sample, weighted by pixel."""
    logits = logits.float()
    entropy = (F.binary_cross_entropy_with_logits(logits, alpha, reduction="none") * pixel_weights).mean()
    p = logits.sigmoid()
    intersection = (p * alpha * pixel_weights).sum((1, 2, 3))
    union = ((p + alpha - p * alpha) * pixel_weights).sum((1, 2, 3))
    present = (alpha.mean((1, 2, 3)) > MIN_SUBJECT_SHARE).float()
    iou_loss = 1 - (intersection + 1) / (union + 1)
    return entropy + 0.5 * (iou_loss * present * pixel_weights.mean((1, 2, 3))).mean()


def _edge_loss(logits: Tensor, alpha: Tensor, pixel_weights: Tensor, has_exact_edges: Tensor) -> Tensor:
    """L1 on alpha, which sharpens it, and on its gradient for samples whose edges are exact."""
    p, weight = logits.float().sigmoid(), pixel_weights * has_exact_edges[:, None, None, None]
    value = (pixel_weights * (p - alpha).abs()).mean()
    slope = sum((weight * (_difference(p, d) - _difference(alpha, d)).abs()).mean() for d in (2, 3))
    return value + slope


def _difference(x: Tensor, axis: int) -> Tensor:
    return x - torch.roll(x, 1, axis)
