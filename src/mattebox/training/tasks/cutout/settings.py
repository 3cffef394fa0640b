"""Settings of cutout training, and those for fine-tuning a trained network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mattebox.errors import UsageError
from mattebox.training.core.settings import RECIPE_PATH, TrainingSettings
from mattebox.training.tasks.cutout.losses import IOU_LOSS_WEIGHT

MAX_SYNTHETIC_SHARE = 0.85  # of a batch: drawn shapes, empty backgrounds and labelled photographs need the rest
FINE_TUNING_SETTINGS: dict[str, Any] = {  # for a trained network and few pictures: small steps, little forgetting
    "batch": 12, "rate": 4e-4, "warmup": 20, "average": 0.97, "sides": [[0.0, 256], [0.6, 320]], "pool_side": 320,
    "judge_every": 0.5,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CutoutSettings(TrainingSettings):
    """Settings of a cutout run, beside those of all tasks.

    Parameters
    ----------
    net : str
        Architecture, one of `mattebox.training.networks.registry`.
    shape : dict
        Its widths, depths and the like; empty for the architecture's own.
    decay : float
        Weight decay.
    pool_side : int
        Side in pixels of the decoded pictures in memory.
    sides : list of [share, side]
        Side in pixels of the square input from this share of the budget on.
    pasted, taught : float
        Shares of composites and of teacher-labelled pictures in a batch.
    imitate : float
        Weight of feature distillation, where a classifier is given.
    gentle : float
        Share of the learning rate for an encoder.
    freeze_statistics : bool
        Whether batch normalisations keep the statistics that they begin with, which takes a third of the time.
    frozen_statistics_prefix : str
        Beginning of the names of those that keep them; all by default. "encoder." for a decoder that begins at random.
    frozen_layers : list of str
        Prefixes of the names of weights that are not trained either.
    boundary_weight, thin_weight : float
        Additional weight in the loss of pixels at the boundary and in thin parts.
    iou_weight : float
        Weight of the soft IoU in the loss; 0 for cross entropy alone.
    set_weights : dict of str to float
        Factor of the frequency of sets of pictures; 1 for those it does not name.
    leave_out : str
        File with the names of pictures not to train on, relative to the recipe.

    Raises
    ------
    UsageError
        If there is no budget, no room for labelled photographs in a batch, or layers are frozen without their
        statistics.
    """

    batch: int = 24
    rate: float = 2e-3
    net: str = "cutnet"
    shape: dict[str, Any] = field(default_factory=dict)
    decay: float = 0.02
    pool_side: int = 256
    sides: list[list[float]] = field(default_factory=lambda: [[0.0, 160], [0.45, 224], [0.8, 288]])
    pasted: float = 0.34
    taught: float = 0.16
    imitate: float = 0.1
    gentle: float = 0.3
    freeze_statistics: bool = False
    frozen_statistics_prefix: str = ""
    frozen_layers: list[str] = field(default_factory=list)
    boundary_weight: float = 0.0
    thin_weight: float = 0.0
    iou_weight: float = IOU_LOSS_WEIGHT
    set_weights: dict[str, float] = field(default_factory=dict)
    leave_out: str = field(default="", metadata=RECIPE_PATH)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pasted + self.taught > MAX_SYNTHETIC_SHARE:
            share = f"pasted {self.pasted:g} and taught {self.taught:g}"
            raise UsageError(
                f"{share} leave no labelled photograph in a batch", f"together they may be {MAX_SYNTHETIC_SHARE:g}"
            )

        if self.frozen_layers and not self.freeze_statistics:
            raise UsageError("frozen_layers alone leaves their statistics changing", "set freeze_statistics = true")

    @property
    def excluded_names_file(self) -> Path | None:
        return Path(self.leave_out) if self.leave_out else None

    def side_at(self, progress: float) -> int:
        """Side in pixels of the input at this share of the budget."""
        return int([side for start, side in self.sides if progress >= start][-1])

    @property
    def largest_side(self) -> int:
        return int(max(side for _, side in self.sides))
