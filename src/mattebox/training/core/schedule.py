"""How all of the workshop's runs go: the learning rate over a budget, and the running average of the weights."""

from __future__ import annotations

import math

import torch
from torch import nn


def cosine_learning_rate(
    base_rate: float, progress: float, step: int, warmup_steps: int, final_share: float = 0.01
) -> float:
    """Warm up over `warmup_steps` steps, then half a cosine from `base_rate` to `final_share` of it over `progress` 0..1."""
    warm = min(1.0, (step + 1) / warmup_steps)
    return base_rate * warm * (final_share + (1 - final_share) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


@torch.no_grad()
def update_ema(ema_net: nn.Module, net: nn.Module, decay: float, step: int) -> None:
    """Exponential running average of the weights: keeps `decay` each step, less at the start; counts are copied."""
    decay = min(decay, (1 + step) / (10 + step))
    for mine, theirs in zip(ema_net.state_dict().values(), net.state_dict().values(), strict=True):
        if mine.dtype.is_floating_point:
            mine.lerp_(theirs, 1 - decay)
        else:
            mine.copy_(theirs)
