"""How all of the workshop's runs go: the learning rate over a budget, and the running average of the weights."""

from __future__ import annotations

import math

import torch
from torch import nn


def rate_at(rate: float, progress: float, step: int, warmup: int, end: float = 0.01) -> float:
    """Warm up over `warmup` steps, then half a cosine from `rate` to `end` of it over `progress` 0..1."""
    warm = min(1.0, (step + 1) / warmup)
    return rate * warm * (end + (1 - end) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, keep: float, step: int) -> None:
    """Exponential running average of the weights: keeps `keep` each step, less at the start; counts are copied."""
    keep = min(keep, (1 + step) / (10 + step))
    for mine, theirs in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mine.dtype.is_floating_point:
            mine.lerp_(theirs, 1 - keep)
        else:
            mine.copy_(theirs)
