"""Settings of detector training."""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.errors import UsageError
from mattebox.training.core.settings import TrainingSettings

CELLS_PER_STEP = 16  # sides are multiples of it: the network halves four times


@dataclass(frozen=True, kw_only=True)
class DetectionSettings(TrainingSettings):
    """Settings of a detector's run, beside those of all tasks.

    Parameters
    ----------
    side : int
        Side in pixels of a crop.
    width, head : int
        Channels of the network, see `DetectionNet`.
    faces, plates, pasted : float
        Shares of the crops around a labelled face, around a plate (real or drawn), and of photographs with neither
        where faces are pasted; the rest is of photographs with neither.
    photographs : int
        At most so many photographs besides the labelled archives.
    crops : int
        Crops of the pool, whose features the frozen blocks compute once.
    encoder_rate : float
        Share of the learning rate at which the encoder's other blocks learn; 0 keeps them.
    box, landmark : float
        Weights of the losses beside the scores'.
    """

    batch: int = 16
    rate: float = 1e-3
    warmup: int = 200
    average: float = 0.999
    side: int = 160
    width: int = 32
    head: int = 48
    faces: float = 0.42
    plates: float = 0.22
    pasted: float = 0.16
    photographs: int = 10_000
    crops: int = 5000
    encoder_rate: float = 0.0
    box: float = 1.0
    landmark: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.side % CELLS_PER_STEP:
            raise UsageError(f"side = {self.side} is no multiple of {CELLS_PER_STEP}", "set it to 160, or so")
        if min(self.faces, self.plates, self.pasted) < 0 or self.faces + self.plates + self.pasted >= 1:
            raise UsageError("faces, plates and pasted leave nothing for other photographs", "give less than 1 in all")
