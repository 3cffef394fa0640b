"""A network that draws a face anew, given it upright and cut to the square that it was trained on. May be shared
between threads. Knows nothing of how a face gets into that square.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime.inference import InferenceFunction, open_inference_function
from mattebox.types import Floats

FACE_RESTORATION_TASK = "faces"


class FaceRestorer:
    """A network ready to run; `side` is its square's."""

    def __init__(self, card: Card, run: InferenceFunction, device: str) -> None:
        self.card, self.device, self._run = card, device, run
        self.side = card.input.side

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> FaceRestorer:
        """Start a network of its own. ModelError, also for one of another task; DeviceError, UsageError."""
        card = find_card_for_task(FACE_RESTORATION_TASK, model)
        return cls(card, *open_inference_function(card, device, threads))

    def run(self, face: Floats) -> Floats:
        """side x side x 3, 0..1 -> the same, not clipped. ModelError when the network gives another shape."""
        spec = self.card.input
        mean, std = (np.asarray(v, np.float32) for v in (spec.mean, spec.std))
        x: NDArray[np.float32] = ((face - mean) / std).transpose(2, 0, 1)[None]
        y = self._run(np.ascontiguousarray(x))
        if y.shape != x.shape:
            raise ModelError(f"model {self.card.name} gave {y.shape} for {x.shape}", "correct side in its card")
        return np.asarray(y[0].transpose(1, 2, 0) * std + mean, np.float32)


_open_networks: LruCache[FaceRestorer] = LruCache(1)


def open_face_restorer(model: str, device: str = "auto", threads: int | None = None) -> FaceRestorer:
    """Like `Facer.open`, but shared."""
    find_card_for_task(FACE_RESTORATION_TASK, model)  # what is forbidden stays so, open or not
    return _open_networks.get_or_create((model, device, threads), lambda: FaceRestorer.open(model, device, threads))
