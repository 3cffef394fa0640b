"""The likelihood that a colour is skin, by hue and chroma in Lab, for light and dark skin alike.

After Zeng & Luo, Skin colour modelling of digital photographic images, 2009. Wood and sand score as well.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.colour_space import ColourSpace
from mattebox.enhancement.lab import linear_to_lab
from mattebox.types import Floats

SKIN_HUE_DEGREES, HUE_REACH_DEGREES = 48.0, 28.0
MIN_SKIN_CHROMA, MAX_SKIN_CHROMA = 8.0, 60.0  # less is grey, more is a flower's
MIN_SKIN_LIGHTNESS = 15.0


def skin_likelihood(light: Floats, space: ColourSpace) -> Floats:
    """Linear light (... x 3) -> likelihood 0..1."""
    lab = linear_to_lab(light, space)
    hue, chroma = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])), np.hypot(lab[..., 1], lab[..., 2])
    by_hue = np.clip(2 - 2 * np.abs(hue - SKIN_HUE_DEGREES) / HUE_REACH_DEGREES, 0, 1)
    by_chroma = np.clip((chroma - MIN_SKIN_CHROMA) / 6, 0, 1) * np.clip((MAX_SKIN_CHROMA - chroma) / 15, 0, 1)
    by_lightness = np.clip((lab[..., 0] - MIN_SKIN_LIGHTNESS) / 10, 0, 1)
    likelihood: Floats = (by_hue * by_chroma * by_lightness).astype(np.float32)
    return likelihood
