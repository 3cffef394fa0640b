"""What the cutout network is asked for: calibrated alpha (cross entropy), whole subjects (soft IoU), soft edges (L1).

Deep supervision repeats the first two at coarser scales. Tensors only; knows nothing of data or networks.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.augmentation import Batch


def total_loss(logits: Tensor, sides: list[Tensor], batch: Batch) -> Tensor:
    """Scalar loss of N x 1 x H x W logits and side logits against a batch."""
    loss = _region(logits, batch.alpha, batch.trust) + _edges(logits, batch.alpha, batch.trust, batch.crisp)
    for side in sides:
        target = F.interpolate(batch.alpha, size=side.shape[2:], mode="area")
        loss = loss + 0.2 * _region(side, target, F.interpolate(batch.trust, size=side.shape[2:], mode="area"))
    return loss


def _region(logits: Tensor, alpha: Tensor, trust: Tensor) -> Tensor:
    """Cross entropy plus soft IoU (Rahman & Wang 2016), per sample, weighted by trust."""
    logits = logits.float()
    entropy = (F.binary_cross_entropy_with_logits(logits, alpha, reduction="none") * trust).mean()
    p = logits.sigmoid()
    both = (p * alpha * trust).sum((1, 2, 3))
    either = ((p + alpha - p * alpha) * trust).sum((1, 2, 3))
    present = (alpha.mean((1, 2, 3)) > 0.002).float()
    iou = 1 - (both + 1) / (either + 1)
    return entropy + 0.5 * (iou * present * trust.mean((1, 2, 3))).mean()


def _edges(logits: Tensor, alpha: Tensor, trust: Tensor, crisp: Tensor) -> Tensor:
    """L1 on alpha, which wants decisions, and on its gradient for samples whose edges are known (`crisp` N)."""
    p, weight = logits.float().sigmoid(), trust * crisp[:, None, None, None]
    value = (trust * (p - alpha).abs()).mean()
    slope = sum((weight * (_step(p, d) - _step(alpha, d)).abs()).mean() for d in (2, 3))
    return value + slope


def _step(x: Tensor, axis: int) -> Tensor:
    return x - torch.roll(x, 1, axis)
