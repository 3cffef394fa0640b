"""Image-to-image networks, which upscale or restore a picture tile by tile."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.core.interface import list_models
from mattebox.errors import ModelError, UsageError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card, require_permitted_use
from mattebox.models.cards.tensor_spec import Tiles
from mattebox.models.runtime.inference import InferenceFunction, open_inference_function
from mattebox.models.runtime.weight_interpolation import interpolate_weights
from mattebox.models.shared_networks import share_networks
from mattebox.models.store import weight_store

MAX_OPEN_NETWORKS = 4


class ImageToImageNetwork:
    """A network ready to run on tiles, which `tiles` describes. Threads may share it."""

    def __init__(self, card: Card, run: InferenceFunction, device: str) -> None:
        assert card.tiles is not None
        self.card, self.device, self._run = card, device, run
        self.tiles: Tiles = card.tiles

    @classmethod
    def open(
        cls, model: str | Card, device: str = "auto", threads: int | None = None, denoise: float = 1
    ) -> ImageToImageNetwork:
        """Start a network.

        Parameters
        ----------
        model : str or Card
        device : str
            `auto`, `cpu`, `cuda`, `cuda:1` ...
        threads : int, optional
            Processor threads; by default all that this thread may use.
        denoise : float
            0..1; below 1 the weights are mixed with those of the card's twin, which keeps more grain.

        Raises
        ------
        ModelError
            Also for a model that neither upscales nor restores.
        DeviceError, UsageError
        """
        card = find_card(model) if isinstance(model, str) else require_permitted_use(model)
        if card.tiles is None:
            raise ModelError(f"model {card.name} is for {card.task}", "choose one that upscales or restores")
        content = None if denoise == 1 else _mix_with_twin(card, denoise)
        return cls(card, *open_inference_function(card, device, threads, content))

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on a tile.

        Parameters
        ----------
        x : 1 x 3 x H x W float32
            RGB, 0..1.

        Returns
        -------
        1 x 3 x h x w float32
            RGB, not clipped to 0..1; h is `tiles.scale` x (H - 2 `tiles.cut`), w likewise.

        Raises
        ------
        ModelError
            The network's output has another shape.
        """
        y = self._run(x)
        height, width = (self.tiles.scale * (side - 2 * self.tiles.cut) for side in x.shape[2:])
        if y.shape != (1, 3, height, width):
            raise ModelError(
                f"model {self.card.name} gave {y.shape} for {x.shape}", "correct scale and cut under tiles in its card"
            )
        return y


@share_networks(MAX_OPEN_NETWORKS)
def open_image_to_image_network(
    model: str, device: str = "auto", threads: int | None = None, denoise: float = 1
) -> ImageToImageNetwork:
    """Return the shared network of a model, opened at the first call; see `ImageToImageNetwork.open`."""
    return ImageToImageNetwork.open(model, device, threads, denoise)


def find_twin_card(card: Card) -> Card:
    """Find the card of the twin that removes less noise. UsageError where the card has none."""
    if not card.twin:
        raise UsageError(
            f"model {card.name} has no twin that takes out less noise", "choose realesr-general, or leave it"
        )
    return find_card(card.twin)


def find_upscale_factor(model: str, task: Literal["upscale", "restore"]) -> int:
    """Find the factor by which a model upscales; 1 for restoration. ModelError for a model of another task."""
    card = find_card(model)
    if card.tiles is None or card.task != task:
        raise ModelError(f"model {model} cannot {task}", f"choose another ({list_models(f' --task {task}')})")
    return card.tiles.scale


def _mix_with_twin(card: Card, denoise: float) -> bytes:
    twin_weights = weight_store.read_weights(find_twin_card(card))
    return interpolate_weights(twin_weights, weight_store.read_weights(card), denoise)
