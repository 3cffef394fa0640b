"""How much a colour looks like skin: what makes skin hard or orange is kept away from it.

By hue and chroma in Lab, over light and dark skin alike (after Zeng & Luo, Skin colour modelling of digital
photographic images, 2009); wood and sand look like it, too, and are spared with it. Knows nothing of faces.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.lab import linear_to_lab
from mattebox.enhancement.linear_light import ColourSpace
from mattebox.types import Floats

SKIN_HUE_DEGREES, HUE_REACH_DEGREES = 48.0, 28.0  # degrees
MIN_SKIN_CHROMA, MAX_SKIN_CHROMA = 8.0, 60.0  # chroma from where it is no longer grey, to where it is a flower's
MIN_SKIN_LIGHTNESS = 15.0  # lightness


def skin_likelihood(light: Floats, space: ColourSpace) -> Floats:
    """0..1 for linear light (... x 3)."""
    lab = linear_to_lab(light, space)
    hue, chroma = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])), np.hypot(lab[..., 1], lab[..., 2])
    near = np.clip(2 - 2 * np.abs(hue - SKIN_HUE_DEGREES) / HUE_REACH_DEGREES, 0, 1)
    body = np.clip((chroma - MIN_SKIN_CHROMA) / 6, 0, 1) * np.clip((MAX_SKIN_CHROMA - chroma) / 15, 0, 1)
    made: Floats = (near * body * np.clip((lab[..., 0] - MIN_SKIN_LIGHTNESS) / 10, 0, 1)).astype(np.float32)
    return made
