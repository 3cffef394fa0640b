"""CIE Lab under D50, the white of ICC profiles (CIE 15:2018), from linear light and back."""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.colour_space import ColourSpace
from mattebox.types import Floats

CIE_EPSILON, CIE_KAPPA = 216 / 24389, 24389 / 27


def linear_to_lab(light: Floats, space: ColourSpace) -> Floats:
    """Linear light (... x 3, 0..1) -> L 0 to 100, a, b."""
    white = space.rgb_to_xyz.sum(1)
    xyz = light @ (space.rgb_to_xyz / white[:, None]).T.astype(np.float32)
    f = np.where(xyz > CIE_EPSILON, np.cbrt(xyz), (CIE_KAPPA * xyz + 16) / 116)
    lab: Floats = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    return lab


def lab_to_linear(lab: Floats, space: ColourSpace) -> Floats:
    """L, a, b (... x 3) -> linear light, which may lie outside 0..1."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    cubed = f * f * f
    xyz = np.where(cubed > CIE_EPSILON, cubed, (116 * f - 16) / CIE_KAPPA)
    xyz_to_rgb = np.linalg.inv(space.rgb_to_xyz) * space.rgb_to_xyz.sum(1)
    light: Floats = (xyz @ xyz_to_rgb.T.astype(np.float32)).astype(np.float32)
    return light
