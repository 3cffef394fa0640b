"""Settings of a clip network's training."""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.errors import UsageError
from mattebox.training.tasks.cutout.settings import CutoutSettings


@dataclass(frozen=True, kw_only=True)
class ClipSettings(CutoutSettings):
    """Settings of a clip run, beside those of cutout training.

    Parameters
    ----------
    second : float
        Share of a batch, 0..1, that gets a second subject; the prior says which of the two is meant.
    repeated : float
        Share of a batch, 0..1, whose prior is the network's own matte, as it is from frame to frame.

    Raises
    ------
    UsageError
        If a share is none, and as for `CutoutSettings`.
    """

    net: str = "clipnet"
    second: float = 0.2
    repeated: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("second", "repeated"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} = {getattr(self, name):g} is not a share of a batch", "set it to 0 to 1")
