"""Colours outside the gamut, 0..1 in each channel of linear light, brought back into it."""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.colour_space import ColourSpace
from mattebox.types import Floats


def gamut_headroom(light: Floats, direction: Floats, epsilon: float) -> Floats:
    """How many times `direction` fits between `light` and the border of the gamut (... x 1).

    `epsilon` is the least change of a channel that counts; it bounds the answer.
    """
    times = np.where(
        direction > 0, (1 - light) / np.maximum(direction, epsilon), light / np.maximum(-direction, epsilon)
    )
    headroom: Floats = times.min(-1, keepdims=True)
    return headroom


def fit_to_gamut(light: Floats, space: ColourSpace) -> Floats:
    """Linear light (... x 3) mixed with the grey of its luminance until it fits: paler, of the same hue."""
    grey = np.clip(light @ space.luminance_weights, 0, 1)[..., None]
    chroma = light - grey
    fitted: Floats = grey + chroma * np.minimum(gamut_headroom(grey, chroma, 1e-6), 1)
    return fitted
