"""Features of pixels for geodesic distances: brightness, two colour differences and the matte itself."""

from __future__ import annotations

import numpy as np

from mattebox.io import resampling
from mattebox.matting.matte_operations import as_floats
from mattebox.types import Floats, Picture

CHROMA_WEIGHT = 1.5  # weight of a colour difference relative to brightness
ALPHA_FEATURE_WEIGHT = 0.5  # weight of the coarse alpha relative to brightness


def geodesic_features(picture: Picture, alpha: Floats) -> Floats:
    """Features h x w x 4 of a picture at the resolution of its coarse alpha h x w, 0..1."""
    rgb = as_floats(resampling.shrink(picture.rgb, (alpha.shape[0], alpha.shape[1])))
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    half = CHROMA_WEIGHT / 2
    return np.stack([(r + g + b) / 3, half * (r - g), half * ((r + g) / 2 - b), ALPHA_FEATURE_WEIGHT * alpha], axis=2)
