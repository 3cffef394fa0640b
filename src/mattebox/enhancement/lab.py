"""Light as seen: CIE Lab under D50, the white of profiles (CIE 15:2018), there and back. Knows nothing of pictures."""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.linear_light import ColourSpace
from mattebox.types import Floats

CIE_EPSILON, CIE_KAPPA = 216 / 24389, 24389 / 27


def linear_to_lab(light: Floats, space: ColourSpace) -> Floats:
    """Linear light (... x 3) -> L 0 to 100, a, b."""
    white = space.rgb_to_xyz.sum(1)
    xyz = light @ (space.rgb_to_xyz / white[:, None]).T.astype(np.float32)
    f = np.where(xyz > CIE_EPSILON, np.cbrt(xyz), (CIE_KAPPA * xyz + 16) / 116)
    made: Floats = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    return made


def lab_to_linear(lab: Floats, space: ColourSpace) -> Floats:
    """L, a, b -> linear light, which may lie outside 0 to 1."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    cubed = f * f * f
    xyz = np.where(cubed > CIE_EPSILON, cubed, (116 * f - 16) / CIE_KAPPA)
    back = np.linalg.inv(space.rgb_to_xyz) * space.rgb_to_xyz.sum(1)
    made: Floats = (xyz @ back.T.astype(np.float32)).astype(np.float32)
    return made


def fit_to_gamut(light: Floats, space: ColourSpace) -> Floats:
    """Colours outside 0..1 mixed with the grey of their luminance until they fit: paler, never of another hue."""
    grey = np.clip(light @ space.luminance_weights, 0, 1)[..., None]
    away = light - grey
    over = np.where(away > 0, (1 - grey) / np.maximum(away, 1e-6), grey / np.maximum(-away, 1e-6))
    made: Floats = grey + away * np.minimum(over.min(-1, keepdims=True), 1)
    return made
