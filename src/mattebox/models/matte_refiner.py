"""A network that finds edges at full size from a coarse matte and local colour models. May be shared between threads.

Always on the processor, a tile at a time: what an accelerator would gain is lost on the way there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.lru_cache import LruCache
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import MATTE_REFINER_MODEL, find_card_for_task
from mattebox.models.runtime import onnx_runtime
from mattebox.models.store import weight_store

Float32Plane = NDArray[np.float32]


class MatteRefiner:
    """A network ready to run, in the calling thread alone."""

    def __init__(self, card: Card, session: Any) -> None:
        self.card, self._session = card, session

    @classmethod
    def open(cls, model: str = MATTE_REFINER_MODEL) -> MatteRefiner:
        """Start a network of its own. ModelError, also for one of another task."""
        card = find_card_for_task("refine", model)
        return cls(card, onnx_runtime.create_session(weight_store.read_weights(card), f"model {card.name}", "cpu", 1))

    def run(
        self,
        tile: Float32Plane,
        prior: Float32Plane,
        patch: Float32Plane,
        palette_probability: Float32Plane,
        downscale_factor: int,
        tile_origin: tuple[int, int],
    ) -> Float32Plane:
        """Tile T x U x 3, prior (the enlarged coarse alpha) and common (what the palette says) T x U, 0..1, the patch
        of planes below them -> alpha T x U, 0..1. The network looks at the tile reduced `downscale_factor` times, in steps
        counted from the picture's corner (`tile_origin` is the tile's); alpha is at full size."""
        given = {"tile": tile, "prior": prior, "patch": patch, "common": palette_probability}
        given |= {"shrink": np.array(downscale_factor, np.int64), "first": np.array(tile_origin, np.int64)}
        alpha: Float32Plane = self._session.run(None, given)[0]
        return alpha


_open_networks: LruCache[MatteRefiner] = LruCache(1)


def open_matte_refiner(model: str = MATTE_REFINER_MODEL) -> MatteRefiner:
    """Like `Refiner.open`, but shared."""
    return _open_networks.get_or_create(model, lambda: MatteRefiner.open(model))
