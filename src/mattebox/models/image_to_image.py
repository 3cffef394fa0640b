"""A network that answers a picture with a picture: one that upscales or restores. Sessions give mattes; these do not.

Feeds it what it is given: cutting pictures into tiles is the enhancing room's business. May be shared between threads.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError, UsageError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card, require_permitted_use
from mattebox.models.cards.tensor_spec import Tiles
from mattebox.models.runtime.inference import InferenceFunction, open_inference_function
from mattebox.models.runtime.weight_interpolation import interpolate_weights
from mattebox.models.store import weight_store

MAX_OPEN_NETWORKS = 4  # held open by `open_imager`


class ImageToImageNetwork:
    """A network ready to run. `device` is where it really runs; `tiles` how it wants to be fed."""

    def __init__(self, card: Card, run: InferenceFunction, device: str) -> None:
        assert card.tiles is not None
        self.card, self.device, self._run = card, device, run
        self.tiles: Tiles = card.tiles

    @classmethod
    def open(
        cls, model: str | Card, device: str = "auto", threads: int | None = None, denoise: float = 1
    ) -> ImageToImageNetwork:
        """Start a network of its own; with less than all of `denoise` (0..1), mixed with its twin. ModelError, also for
        one that cuts out; DeviceError, UsageError."""
        card = find_card(model) if isinstance(model, str) else require_permitted_use(model)
        if card.tiles is None:
            raise ModelError(f"model {card.name} is for {card.task}", "choose one that upscales or restores")
        content = (
            None
            if denoise == 1
            else interpolate_weights(
                weight_store.read_weights(find_twin_card(card)), weight_store.read_weights(card), denoise
            )
        )
        return cls(card, *open_inference_function(card, device, threads, content))

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """1 x 3 x H x W RGB 0..1 -> the same, `scale` times the size less what it cuts off; not clipped.

        ModelError when the network gives another shape.
        """
        y = self._run(x)
        height, width = (self.tiles.scale * (side - 2 * self.tiles.cut) for side in x.shape[2:])
        if y.shape != (1, 3, height, width):
            raise ModelError(
                f"model {self.card.name} gave {y.shape} for {x.shape}", "correct scale and cut under tiles in its card"
            )
        return y


_open_networks: LruCache[ImageToImageNetwork] = LruCache(MAX_OPEN_NETWORKS)


def open_image_to_image_network(
    model: str, device: str = "auto", threads: int | None = None, denoise: float = 1
) -> ImageToImageNetwork:
    """Like `Imager.open`, but shared: the last few used stay open."""
    find_card(model)  # what is forbidden stays so, open or not
    return _open_networks.get_or_create(
        (model, device, threads, denoise), lambda: ImageToImageNetwork.open(model, device, threads, denoise)
    )


def find_twin_card(card: Card) -> Card:
    """The card of the network that keeps the grain. UsageError when there is none."""
    if not card.twin:
        raise UsageError(
            f"model {card.name} has no twin that takes out less noise", "choose realesr-general, or leave it"
        )
    return find_card(card.twin)


def find_upscale_factor(model: str, task: Literal["upscale", "restore"]) -> int:
    """The factor by which the model upscales (1 if it restores). ModelError when there is none, or not for that."""
    card = find_card(model)
    if card.tiles is None or card.task != task:
        raise ModelError(f"model {model} cannot {task}", f"choose another (mattebox models list --task {task})")
    return card.tiles.scale
