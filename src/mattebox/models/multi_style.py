"""Style transfer in one of several learned styles, by one network (Dumoulin et al., 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime.inference import start_card_session
from mattebox.models.shared_networks import share_networks

SIDE_MULTIPLE_PIXELS = 4  # sides of the input are multiples of this


class MultiStyleNetwork:
    """A network ready to run; `styles` are the names of its styles. Threads may share it."""

    def __init__(self, card: Card, session: Any) -> None:
        self.card, self.styles, self._session = card, card.styles, session
        self._inputs = card.style_inputs or card.styles

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> MultiStyleNetwork:
        """Start the network. Raises ModelError, also for a model of another kind, DeviceError, UsageError."""
        card = find_card_for_task("style", model)
        if not card.styles:
            raise ModelError(f"model {card.name} has no styles of its own", "give it the picture of one, by adain")
        return cls(card, start_card_session(card, device, threads))

    def run(self, x: NDArray[np.float32], style: str) -> NDArray[np.float32]:
        """Paint a picture in a style.

        Parameters
        ----------
        x : 1 x 3 x H x W float32
            RGB 0..1, sides multiples of 4.
        style : str
            One of `styles`.

        Returns
        -------
        1 x 3 x H x W float32
            RGB 0..1.
        """
        style_weights = np.array([[float(style == name) for name in self._inputs]], np.float32)
        output: NDArray[np.float32] = self._session.run(None, {"picture": x, "style": style_weights})[0]
        return output


@share_networks()
def open_multi_style_network(model: str, threads: int | None = None) -> MultiStyleNetwork:
    """Return the shared network of a model, opened at the first call; see `MultiStyleNetwork.open`."""
    return MultiStyleNetwork.open(model, threads=threads)
