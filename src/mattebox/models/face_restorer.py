"""Face restoration: a network that redraws one upright face, cropped to the square it was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime.inference import InferenceFunction, open_inference_function
from mattebox.models.shared_networks import share_networks
from mattebox.types import Floats

FACE_RESTORATION_TASK = "faces"


class FaceRestorer:
    """A network ready to run; `side` is that of its square, in pixels. Threads may share it."""

    def __init__(self, card: Card, run: InferenceFunction, device: str) -> None:
        self.card, self.device, self._run = card, device, run
        self.side = card.input.side

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> FaceRestorer:
        """Start the network. Raises ModelError, also for a model of another task, DeviceError, UsageError."""
        card = find_card_for_task(FACE_RESTORATION_TASK, model)
        return cls(card, *open_inference_function(card, device, threads))

    def run(self, face: Floats) -> Floats:
        """Restore a face.

        Parameters
        ----------
        face : side x side x 3 float32
            RGB 0..1.

        Returns
        -------
        side x side x 3 float32
            RGB, not clipped to 0..1.

        Raises
        ------
        ModelError
            The network's output has another shape.
        """
        spec = self.card.input
        mean, std = (np.asarray(v, np.float32) for v in (spec.mean, spec.std))
        x: NDArray[np.float32] = ((face - mean) / std).transpose(2, 0, 1)[None]
        y = self._run(np.ascontiguousarray(x))
        if y.shape != x.shape:
            raise ModelError(f"model {self.card.name} gave {y.shape} for {x.shape}", "correct side in its card")
        return np.asarray(y[0].transpose(1, 2, 0) * std + mean, np.float32)


@share_networks()
def open_face_restorer(model: str, device: str = "auto", threads: int | None = None) -> FaceRestorer:
    """Return the shared network of a model, opened at the first call; see `FaceRestorer.open`."""
    return FaceRestorer.open(model, device, threads)
