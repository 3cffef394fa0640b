"""Two networks that paint a picture in the manner of another: adaptive instance normalisation (Huang & Belongie, 2017).

What the first sees of the picture is given the means and deviations of what it sees of the other, channel by channel;
the second paints from that. May be shared between threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime import onnx_runtime
from mattebox.models.store import weight_store

SIDE_MULTIPLE_PIXELS = 8  # of which sides must be
VARIANCE_EPSILON = 1e-5  # variance, as published

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Means and deviations, 1 x C x 1 x 1, of what is seen of a picture."""

    mean: Float32Array
    std: Float32Array


class AdainNetwork:
    """Both networks ready to run."""

    def __init__(self, card: Card, encoder: Any, decoder: Any) -> None:
        self.card, self._encoder, self._decoder = card, encoder, decoder

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> AdainNetwork:
        """Start networks of its own. ModelError, also for a card of another kind; DeviceError, UsageError."""
        card = find_card_for_task("style", model)
        if card.decoder is None:
            raise ModelError(f"model {card.name} has styles of its own", f"choose one of: {', '.join(card.styles)}")
        encoder, decoder = (
            onnx_runtime.create_session(weight_store.read_weights(file), f"model {card.name}", device, threads)
            for file in weight_store.file_cards(card)
        )
        return cls(card, encoder, decoder)

    def style_statistics(self, x: Float32Array) -> FeatureStatistics:
        """Of a picture 1 x 3 x H x W, RGB 0..1, sides multiples of 8."""
        return _feature_statistics(self._encode(x))

    def run(self, x: Float32Array, style: FeatureStatistics) -> Float32Array:
        """1 x 3 x H x W RGB 0..1, sides multiples of 8 -> the same painted so, 0..1."""
        seen = self._encode(x)
        own = _feature_statistics(seen)
        like = (seen - own.mean) * (style.std / own.std) + style.mean
        made: Float32Array = self._decoder.run(None, {self._decoder.get_inputs()[0].name: like})[0]
        return made.clip(0, 1)

    def _encode(self, x: Float32Array) -> Float32Array:
        seen: Float32Array = self._encoder.run(None, {self._encoder.get_inputs()[0].name: x})[0]
        return seen


def _feature_statistics(features: Float32Array) -> FeatureStatistics:
    mean = features.mean(axis=(2, 3), keepdims=True)
    variance = features.var(axis=(2, 3), keepdims=True, ddof=1) + np.float32(VARIANCE_EPSILON)
    return FeatureStatistics(mean, np.sqrt(variance))


_open_networks: LruCache[AdainNetwork] = LruCache(1)


def open_adain_network(model: str, threads: int | None = None) -> AdainNetwork:
    """Like `Imitator.open`, but shared."""
    return _open_networks.get_or_create((model, threads), lambda: AdainNetwork.open(model, threads=threads))
