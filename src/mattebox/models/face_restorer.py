"""A network that draws a face anew, given it upright and cut to the square that it was trained on. May be shared
between threads. Knows nothing of how a face gets into that square.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import card_for
from mattebox.models.runtime.lru_cache import Kept
from mattebox.models.runtime.network import Run, opened
from mattebox.types import Floats

TASK = "faces"


class Facer:
    """A network ready to run; `side` is its square's."""

    def __init__(self, card: Card, run: Run, device: str) -> None:
        self.card, self.device, self._run = card, device, run
        self.side = card.input.side

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> Facer:
        """Start a network of its own. ModelError, also for one of another task; DeviceError, UsageError."""
        card = card_for(TASK, model)
        return cls(card, *opened(card, device, threads))

    def run(self, face: Floats) -> Floats:
        """side x side x 3, 0..1 -> the same, not clipped. ModelError when the network gives another shape."""
        spec = self.card.input
        mean, std = (np.asarray(v, np.float32) for v in (spec.mean, spec.std))
        x: NDArray[np.float32] = ((face - mean) / std).transpose(2, 0, 1)[None]
        y = self._run(np.ascontiguousarray(x))
        if y.shape != x.shape:
            raise ModelError(f"model {self.card.name} gave {y.shape} for {x.shape}", "correct side in its card")
        return np.asarray(y[0].transpose(1, 2, 0) * std + mean, np.float32)


_open: Kept[Facer] = Kept(1)


def open_facer(model: str, device: str = "auto", threads: int | None = None) -> Facer:
    """Like `Facer.open`, but shared."""
    card_for(TASK, model)  # what is forbidden stays so, open or not
    return _open.get((model, device, threads), lambda: Facer.open(model, device, threads))
