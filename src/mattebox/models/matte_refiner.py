"""Matte refinement network: fine alpha of a tile from the photograph, a coarse matte and local colour models.

It always runs on the processor, one tile at a time: the transfer to an accelerator costs more than it saves
(decision 005).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import MATTE_REFINER_MODEL, find_card_for_task
from mattebox.models.runtime.inference import start_card_session
from mattebox.models.shared_networks import share_networks

Float32Plane = NDArray[np.float32]


class MatteRefiner:
    """A network ready to run, on one processor thread for each call. Threads may share it."""

    def __init__(self, card: Card, session: Any) -> None:
        self.card, self._session = card, session

    @classmethod
    def open(cls, model: str = MATTE_REFINER_MODEL) -> MatteRefiner:
        """Start the network. Raises ModelError, also for a model of another task."""
        card = find_card_for_task("refine", model)
        return cls(card, start_card_session(card, "cpu", 1))

    def run(
        self,
        tile: Float32Plane,
        prior: Float32Plane,
        patch: Float32Plane,
        palette_probability: Float32Plane,
        downscale_factor: int,
        tile_origin: tuple[int, int],
    ) -> Float32Plane:
        """Refine the alpha of one tile.

        Parameters
        ----------
        tile : T x U x 3 float32
            RGB 0..1.
        prior : T x U float32
            0..1: the coarse alpha, enlarged.
        patch : 1 x C x h x w float32
            Planes of the local colour models under the tile, at their own resolution.
        palette_probability : T x U float32
            0..1: foreground probability of each pixel's colour.
        downscale_factor : int
            The network sees the tile reduced by this factor; alpha is at full size.
        tile_origin : (int, int)
            Row and column of the tile in the picture, from which the reduction counts its blocks.

        Returns
        -------
        T x U float32
            Alpha, 0..1.
        """
        inputs = {"tile": tile, "prior": prior, "patch": patch, "common": palette_probability}
        inputs |= {"shrink": np.array(downscale_factor, np.int64), "first": np.array(tile_origin, np.int64)}
        alpha: Float32Plane = self._session.run(None, inputs)[0]
        return alpha


@share_networks()
def open_matte_refiner(model: str = MATTE_REFINER_MODEL) -> MatteRefiner:
    """Return the shared network of a model, opened at the first call; see `MatteRefiner.open`."""
    return MatteRefiner.open(model)
