"""A network that paints a picture in one of several styles, or a mixture of them. May be shared between threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime import onnx_runtime
from mattebox.models.store import weight_store

SIDE_MULTIPLE_PIXELS = 4  # of which sides must be


class MultiStyleNetwork:
    """A network ready to run; `styles` are the names it knows."""

    def __init__(self, card: Card, session: Any) -> None:
        self.card, self.styles, self._session = card, card.styles, session

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> MultiStyleNetwork:
        """Start a network of its own. ModelError, also for one of another task; DeviceError, UsageError."""
        card = find_card_for_task("style", model)
        if not card.styles:
            raise ModelError(f"model {card.name} has no styles of its own", "give it the picture of one, by adain")
        return cls(
            card, onnx_runtime.create_session(weight_store.read_weights(card), f"model {card.name}", device, threads)
        )

    def run(self, x: NDArray[np.float32], style: str) -> NDArray[np.float32]:
        """1 x 3 x H x W RGB 0..1, sides multiples of 4 -> the same painted, 0..1."""
        shares = np.array([[float(style == name) for name in self.styles]], np.float32)
        made: NDArray[np.float32] = self._session.run(None, {"picture": x, "style": shares})[0]
        return made


_open_networks: LruCache[MultiStyleNetwork] = LruCache(1)


def open_multi_style_network(model: str, threads: int | None = None) -> MultiStyleNetwork:
    """Like `Stylist.open`, but shared."""
    return _open_networks.get_or_create((model, threads), lambda: MultiStyleNetwork.open(model, threads=threads))
