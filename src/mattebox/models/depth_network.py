"""Monocular depth networks: one picture in, how near each point is out (Depth Anything, MiDaS)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task, require_permitted_use
from mattebox.models.preprocess import prepare_input, unpadded_grid_shape
from mattebox.models.runtime.inference import InferenceFunction, open_inference_function
from mattebox.models.shared_networks import share_networks
from mattebox.types import DepthMap, Picture

MIN_METRES = 0.05  # of a network that answers in metres; nearer is taken for that


class DepthNetwork:
    """A depth network ready to run. Threads may share it."""

    def __init__(self, card: Card, run: InferenceFunction, device: str) -> None:
        self.card, self.device, self._run = card, device, run

    @classmethod
    def open(cls, model: str | Card, device: str = "auto", threads: int | None = None) -> DepthNetwork:
        """Start a network. ModelError, also for a model of another task; DeviceError, UsageError."""
        card = find_card_for_task("depth", model) if isinstance(model, str) else require_permitted_use(model)
        return cls(card, *open_inference_function(card, device, threads))

    def estimate(self, picture: Picture) -> DepthMap:
        """Estimate how near each point is.

        Parameters
        ----------
        picture : Picture
            Of any size, bit depth and profile.

        Returns
        -------
        DepthMap
            On the network's grid; up to an unknown scale and shift, or in 1/m where the card says that it answers in
            metres.

        Raises
        ------
        ModelError
            The network's answer is no plane of finite numbers.
        """
        x, geometry = prepare_input(self.card.input, picture)
        plane = _single_plane(self._run(x))
        if plane is None or not np.isfinite(plane).all():
            raise ModelError(
                f"model {self.card.name} gave no depth", "correct input and output in its card; its output is one plane"
            )
        height, width = unpadded_grid_shape(geometry, plane.shape)
        part = plane[:height, :width]
        if self.card.output.values == "metres":
            return DepthMap(np.ascontiguousarray(1 / np.maximum(part, np.float32(MIN_METRES))), "network", "1/m")
        return DepthMap(np.ascontiguousarray(part), "network")


def _single_plane(output: NDArray[Any]) -> NDArray[np.float32] | None:
    """The (h, w) plane of an output with any number of axes of length 1 before; None for any other shape."""
    if output.ndim < 2 or any(length != 1 for length in output.shape[:-2]):
        return None
    return output.reshape(output.shape[-2:]).astype(np.float32)


@share_networks()
def open_depth_network(model: str, device: str = "auto", threads: int | None = None) -> DepthNetwork:
    """Return the shared network of a model, opened at the first call; see `DepthNetwork.open`."""
    return DepthNetwork.open(model, device, threads)
