"""What the cutout network is asked for: calibrated alpha (cross entropy), whole subjects (soft IoU), soft edges (L1).

Deep supervision repeats the first two at coarser scales. Tensors only; knows nothing of data or networks.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.augmentation import TrainingBatch


def cutout_loss(logits: Tensor, side_logits: list[Tensor], batch: TrainingBatch) -> Tensor:
    """Scalar loss of N x 1 x H x W logits and side logits against a batch."""
    loss = _region_loss(logits, batch.alpha, batch.pixel_weights) + _edge_loss(
        logits, batch.alpha, batch.pixel_weights, batch.has_exact_edges
    )
    for side in side_logits:
        target = F.interpolate(batch.alpha, size=side.shape[2:], mode="area")
        loss = loss + 0.2 * _region_loss(
            side, target, F.interpolate(batch.pixel_weights, size=side.shape[2:], mode="area")
        )
    return loss


def _region_loss(logits: Tensor, alpha: Tensor, pixel_weights: Tensor) -> Tensor:
    """Cross entropy plus soft IoU (Rahman & Wang 2016), per sample, weighted by trust."""
    logits = logits.float()
    entropy = (F.binary_cross_entropy_with_logits(logits, alpha, reduction="none") * pixel_weights).mean()
    p = logits.sigmoid()
    both = (p * alpha * pixel_weights).sum((1, 2, 3))
    either = ((p + alpha - p * alpha) * pixel_weights).sum((1, 2, 3))
    present = (alpha.mean((1, 2, 3)) > 0.002).float()
    iou = 1 - (both + 1) / (either + 1)
    return entropy + 0.5 * (iou * present * pixel_weights.mean((1, 2, 3))).mean()


def _edge_loss(logits: Tensor, alpha: Tensor, pixel_weights: Tensor, has_exact_edges: Tensor) -> Tensor:
    """L1 on alpha, which wants decisions, and on its gradient for samples whose edges are known (`has_exact_edges` N)."""
    p, weight = logits.float().sigmoid(), pixel_weights * has_exact_edges[:, None, None, None]
    value = (pixel_weights * (p - alpha).abs()).mean()
    slope = sum((weight * (_difference(p, d) - _difference(alpha, d)).abs()).mean() for d in (2, 3))
    return value + slope


def _difference(x: Tensor, axis: int) -> Tensor:
    return x - torch.roll(x, 1, axis)
