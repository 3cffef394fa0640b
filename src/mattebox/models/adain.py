"""Style transfer from any picture, by adaptive instance normalisation (Huang & Belongie, 2017).

The encoder's features of the picture are given the mean and standard deviation of the style picture's features,
channel by channel; the decoder turns them into pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime.inference import start_card_session
from mattebox.models.shared_networks import share_networks
from mattebox.models.store import weight_files

SIDE_MULTIPLE_PIXELS = 8  # sides of the input are multiples of this
VARIANCE_EPSILON = 1e-5  # as published

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Mean and standard deviation of each channel of a picture's features, 1 x C x 1 x 1."""

    mean: Float32Array
    std: Float32Array


class AdainNetwork:
    """Encoder and decoder, ready to run. Threads may share it."""

    def __init__(self, card: Card, encoder: Any, decoder: Any) -> None:
        self.card, self._encoder, self._decoder = card, encoder, decoder

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> AdainNetwork:
        """Start both networks. Raises ModelError, also for a model of another kind, DeviceError, UsageError."""
        card = find_card_for_task("style", model)
        if card.decoder is None:
            raise ModelError(f"model {card.name} has styles of its own", f"choose one of: {', '.join(card.styles)}")
        encoder, decoder = (start_card_session(file, device, threads) for file in weight_files.file_cards(card))
        return cls(card, encoder, decoder)

    def style_statistics(self, x: Float32Array) -> FeatureStatistics:
        """Statistics of a style picture, 1 x 3 x H x W RGB 0..1, sides multiples of 8."""
        return _feature_statistics(self._encode(x))

    def run(self, x: Float32Array, style: FeatureStatistics) -> Float32Array:
        """Paint a picture in a style.

        Parameters
        ----------
        x : 1 x 3 x H x W float32
            RGB 0..1, sides multiples of 8.
        style : FeatureStatistics
            Statistics of the style picture, from `style_statistics`.

        Returns
        -------
        1 x 3 x H x W float32
            RGB 0..1.
        """
        features = self._encode(x)
        content = _feature_statistics(features)
        stylised = (features - content.mean) * (style.std / content.std) + style.mean
        output: Float32Array = self._decoder.run(None, {self._decoder.get_inputs()[0].name: stylised})[0]
        return output.clip(0, 1)

    def _encode(self, x: Float32Array) -> Float32Array:
        features: Float32Array = self._encoder.run(None, {self._encoder.get_inputs()[0].name: x})[0]
        return features


def _feature_statistics(features: Float32Array) -> FeatureStatistics:
    mean = features.mean(axis=(2, 3), keepdims=True)
    variance = features.var(axis=(2, 3), keepdims=True, ddof=1) + np.float32(VARIANCE_EPSILON)
    return FeatureStatistics(mean, np.sqrt(variance))


@share_networks()
def open_adain_network(model: str, threads: int | None = None) -> AdainNetwork:
    """Return the shared network of a model, opened at the first call; see `AdainNetwork.open`."""
    return AdainNetwork.open(model, threads=threads)
