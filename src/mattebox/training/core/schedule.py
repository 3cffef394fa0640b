"""Learning rates over a budget."""

from __future__ import annotations

import math


def cosine_learning_rate(
    base_rate: float, progress: float, step: int, warmup_steps: int, final_share: float = 0.01
) -> float:
    """Warm up over `warmup_steps` steps, then half a cosine from `base_rate` to `final_share` of it.

    `progress` is the share of the budget that is spent, 0..1.
    """
    warm = min(1.0, (step + 1) / warmup_steps)
    return base_rate * warm * (final_share + (1 - final_share) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


def linear_learning_rate(
    base_rate: float, progress: float, step: int, warmup_steps: int, final_share: float = 0.05
) -> float:
    """Warm up over `warmup_steps` steps, then fall in a line, but not below `final_share` of `base_rate`."""
    return base_rate * min(1.0, (step + 1) / warmup_steps) * max(final_share, 1 - progress)
