"""Settings of style training."""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.errors import UsageError
from mattebox.training.core import schedule
from mattebox.training.core.settings import TrainingSettings
from mattebox.training.tasks.style.style_images import STYLE_PAINTERS


@dataclass(frozen=True, kw_only=True)
class StyleSettings(TrainingSettings):
    """Settings of a style run, beside those of all tasks.

    Parameters
    ----------
    side : int
        Side in pixels of a patch.
    style, content, tone, smooth : float
        Weights of the losses: Gram matrices, features, coarse luminance, total variation.
    own : tuple of float
        Another weight of the style loss for each style.
    """

    batch: int = 4
    rate: float = 2e-3
    warmup: int = 50
    average: float = 0.0
    side: int = 192
    style: float = 1.0
    content: float = 1.0
    tone: float = 1.0
    smooth: float = 1.0
    own: tuple[float, ...] = (1.0,) * len(STYLE_PAINTERS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.own) != len(STYLE_PAINTERS):
            raise UsageError(
                f"own has {len(self.own)} weights for {len(STYLE_PAINTERS)} styles", "give one for each style"
            )

    def learning_rate_at(self, progress: float, step: int) -> float:
        """Warm-up, then in a line down to 5 % of the rate."""
        return schedule.linear_learning_rate(self.rate, progress, step, self.warmup)
