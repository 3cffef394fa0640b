"""The gain map contract: how much brighter each point of a photograph is on a display of high dynamic range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.types.pixels import Floats


@dataclass(frozen=True, eq=False)
class GainMap:
    """Gains of a standard picture, in any resolution: the map covers the picture's whole frame (ISO 21496-1).

    On a display of full headroom, linear light becomes (light + `offset`) x 2 ** gain - `alternate_offset`.

    Attributes
    ----------
    log2_gains : (h, w, 1) or (h, w, 3) float32
        Stops; 0 changes nothing.
    headroom : (float, float)
        Stops of a display's headroom, from which the gains begin to count, and at which they count in full.
    offset, alternate_offset : float
        Of linear light.
    """

    log2_gains: Floats
    headroom: tuple[float, float]
    offset: float = 0.0
    alternate_offset: float = 0.0

    def __post_init__(self) -> None:
        gains = self.log2_gains
        if gains.ndim != 3 or gains.shape[2] not in (1, 3) or gains.dtype != np.float32 or 0 in gains.shape:
            raise ValueError("log2_gains must be an (h, w, 1) or (h, w, 3) float32 array")
        if not np.isfinite(gains).all():
            raise ValueError("log2_gains must be finite")

    def limits(self) -> tuple[float, float]:
        """The smallest and the largest gain, in stops."""
        return float(self.log2_gains.min()), float(self.log2_gains.max())
