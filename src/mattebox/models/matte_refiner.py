"""A network that finds edges at full size from a coarse matte and local colour models. May be shared between threads.

Always on the processor, a tile at a time: what an accelerator would gain is lost on the way there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import REFINER, card_for
from mattebox.models.runtime import onnx_runtime
from mattebox.models.runtime.lru_cache import Kept
from mattebox.models.store import weight_store

Plane = NDArray[np.float32]


class Refiner:
    """A network ready to run, in the calling thread alone."""

    def __init__(self, card: Card, session: Any) -> None:
        self.card, self._session = card, session

    @classmethod
    def open(cls, model: str = REFINER) -> Refiner:
        """Start a network of its own. ModelError, also for one of another task."""
        card = card_for("refine", model)
        return cls(card, onnx_runtime.start(weight_store.read(card), f"model {card.name}", "cpu", 1))

    def run(self, tile: Plane, prior: Plane, patch: Plane, common: Plane, shrink: int, first: tuple[int, int]) -> Plane:
        """Tile T x U x 3, prior (the enlarged coarse alpha) and common (what the palette says) T x U, 0..1, the patch
        of planes below them -> alpha T x U, 0..1. The network looks at the tile reduced `shrink` times, in steps
        counted from the picture's corner (`first` is the tile's); alpha is at full size."""
        given = {"tile": tile, "prior": prior, "patch": patch, "common": common}
        given |= {"shrink": np.array(shrink, np.int64), "first": np.array(first, np.int64)}
        alpha: Plane = self._session.run(None, given)[0]
        return alpha


_open: Kept[Refiner] = Kept(1)


def open_refiner(model: str = REFINER) -> Refiner:
    """Like `Refiner.open`, but shared."""
    return _open.get(model, lambda: Refiner.open(model))
