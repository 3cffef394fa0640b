"""Where a picture shows skin: a smooth map, by which styles and colour transfer spare it.

The likelihood of each colour (`skin_likelihood`) is averaged over neighbourhoods of a reduced picture, so that lips,
eyes and shadows of a face are spared with it, and single pixels of wood or sand are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.core.smoothing_filters import box_filter
from mattebox.enhancement import guided_filter
from mattebox.enhancement.light_sample import sample_light
from mattebox.enhancement.ramps import smoothstep
from mattebox.enhancement.skin_likelihood import skin_likelihood
from mattebox.types import Floats, ImageShape, Picture

RADIUS_DIVISOR = 60  # of the longer side
LIKELIHOOD_RANGE = (0.25, 0.65)  # a neighbourhood's mean: it may be skin, it is skin


@dataclass(frozen=True, eq=False)
class SkinMap:
    """Skin, 0..1, on a grid (1 x h x w) over a picture of `size`."""

    grid: Floats
    size: ImageShape

    def evaluate(self, rows: slice) -> Floats:
        """Some rows of the map, at the picture's size: h x W."""
        plane: Floats = guided_filter.upsample_rows(self.grid, self.size, rows)[0]
        return plane


def map_skin(picture: Picture) -> SkinMap:
    """The skin of a picture of any size; transparent pixels show none."""
    sample = sample_light(picture, side=guided_filter.GRID_SIDE_CELLS)
    likelihood = skin_likelihood(sample.grid, sample.space) * sample.grid_weights
    mean = box_filter(likelihood, max(1, max(likelihood.shape) // RADIUS_DIVISOR))
    low, high = LIKELIHOOD_RANGE
    return SkinMap(smoothstep(mean - np.float32(low), high - low).astype(np.float32)[None], picture.shape)
