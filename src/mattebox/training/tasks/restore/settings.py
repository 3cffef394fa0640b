"""Settings of training a network that restores or enlarges photographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from mattebox.errors import UsageError
from mattebox.training.core import schedule
from mattebox.training.core.settings import SEE_EXAMPLES, TrainingSettings
from mattebox.training.networks.restoration import RestorationShape

FINAL_RATE_SHARE = 0.002  # of the learning rate, at the end


@dataclass(frozen=True, kw_only=True)
class RestorationSettings(TrainingSettings):
    """Settings of a restoration run, beside those of all tasks.

    Parameters
    ----------
    plan : dict
        `scale` (1 restores), `widths` and `depths` of the network.
    side : int
        Side in pixels of a patch, at the large size.
    world : {"clean", "real", "camera"}
        Degradation of photographs to enlarge: bicubic, or that of photographs on the web; of photographs to restore:
        "camera" simulates camera noise on most of them.
    look : float
        Weight of the perceptual loss.
    measure : {"luma", "decibels"}
        Loss: absolute error, mostly of luma, or PSNR of all colours.

    Raises
    ------
    UsageError
        If there is no budget, or the plan is none of a network.
    """

    plan: dict[str, Any]
    side: int = 96
    world: Literal["clean", "real", "camera"] = "clean"
    look: float = 0.0
    measure: Literal["luma", "decibels"] = "luma"

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = self.network_shape
        if not shape.widths or len(shape.widths) != len(shape.depths):
            raise UsageError("the plan has widths and depths of different lengths", "give a depth for each width")
        if self.world == "camera" and (shape.scale > 1 or self.side % 2):
            raise UsageError("camera noise is for scale 1 and patches of even sides", "change scale, side or world")

    @property
    def network_shape(self) -> RestorationShape:
        try:
            return msgspec.convert(self.plan, RestorationShape)
        except msgspec.ValidationError as error:
            raise UsageError(f"recipe: plan: {error}".replace("`", ""), SEE_EXAMPLES) from error

    def learning_rate_at(self, progress: float, step: int) -> float:
        return schedule.cosine_learning_rate(self.rate, progress, step, self.warmup, FINAL_RATE_SHARE)
