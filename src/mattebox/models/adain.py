"""Two networks that paint a picture in the manner of another: adaptive instance normalisation (Huang & Belongie, 2017).

What the first sees of the picture is given the means and deviations of what it sees of the other, channel by channel;
the second paints from that. May be shared between threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import card_for
from mattebox.models.runtime import onnx_runtime
from mattebox.models.runtime.lru_cache import Kept
from mattebox.models.store import weight_store

MULTIPLE = 8  # of which sides must be
LEAST = 1e-5  # variance, as published

Reals = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Manner:
    """Means and deviations, 1 x C x 1 x 1, of what is seen of a picture."""

    mean: Reals
    deviation: Reals


class Imitator:
    """Both networks ready to run."""

    def __init__(self, card: Card, encoder: Any, decoder: Any) -> None:
        self.card, self._encoder, self._decoder = card, encoder, decoder

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> Imitator:
        """Start networks of its own. ModelError, also for a card of another kind; DeviceError, UsageError."""
        card = card_for("style", model)
        if card.decoder is None:
            raise ModelError(f"model {card.name} has styles of its own", f"choose one of: {', '.join(card.styles)}")
        encoder, decoder = (
            onnx_runtime.start(weight_store.read(file), f"model {card.name}", device, threads)
            for file in weight_store.files_of(card)
        )
        return cls(card, encoder, decoder)

    def manner(self, x: Reals) -> Manner:
        """Of a picture 1 x 3 x H x W, RGB 0..1, sides multiples of 8."""
        return _manner_of(self._seen(x))

    def run(self, x: Reals, manner: Manner) -> Reals:
        """1 x 3 x H x W RGB 0..1, sides multiples of 8 -> the same painted so, 0..1."""
        seen = self._seen(x)
        own = _manner_of(seen)
        like = (seen - own.mean) * (manner.deviation / own.deviation) + manner.mean
        made: Reals = self._decoder.run(None, {self._decoder.get_inputs()[0].name: like})[0]
        return made.clip(0, 1)

    def _seen(self, x: Reals) -> Reals:
        seen: Reals = self._encoder.run(None, {self._encoder.get_inputs()[0].name: x})[0]
        return seen


def _manner_of(seen: Reals) -> Manner:
    mean = seen.mean(axis=(2, 3), keepdims=True)
    variance = seen.var(axis=(2, 3), keepdims=True, ddof=1) + np.float32(LEAST)
    return Manner(mean, np.sqrt(variance))


_open: Kept[Imitator] = Kept(1)


def open_imitator(model: str, threads: int | None = None) -> Imitator:
    """Like `Imitator.open`, but shared."""
    return _open.get((model, threads), lambda: Imitator.open(model, threads=threads))
