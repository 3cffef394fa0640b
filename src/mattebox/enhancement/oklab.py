"""Oklab (Ottosson, A perceptual color space for image processing, 2020), from linear light and back.

Chroma is changed in Oklab, where hue stays as it is perceived; along the lines of CIE Lab, which serves for measuring
and matching, orange turns yellow and blue turns purple.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mattebox.enhancement.colour_space import ColourSpace, Float64Array
from mattebox.io import icc_matrix_shaper
from mattebox.types import Floats

SRGB_TO_LMS = np.array([  # linear sRGB -> cone responses
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
LMS_TO_OKLAB = np.array([  # cube roots of cone responses -> L, a, b
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip


def linear_to_oklab(light: Floats, space: ColourSpace) -> Floats:
    """Linear light (... x 3, 0..1) -> L 0 to 1, a, b."""
    oklab: Floats = np.cbrt(light @ _linear_to_lms(space).T.astype(np.float32)) @ LMS_TO_OKLAB.T.astype(np.float32)
    return oklab


def oklab_to_linear(oklab: Floats, space: ColourSpace) -> Floats:
    """L, a, b (... x 3) -> linear light, which may lie outside 0..1."""
    roots = oklab @ np.linalg.inv(LMS_TO_OKLAB).T.astype(np.float32)
    light: Floats = (roots * roots * roots) @ np.linalg.inv(_linear_to_lms(space)).T.astype(np.float32)
    return light


@lru_cache(maxsize=16)
def _linear_to_lms(space: ColourSpace) -> Float64Array:
    """3 x 3: the space's linear light -> cone responses."""
    matrix: Float64Array = SRGB_TO_LMS @ np.linalg.inv(icc_matrix_shaper.SRGB_TO_XYZ_D50) @ space.rgb_to_xyz
    return matrix
