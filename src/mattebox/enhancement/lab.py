"""Light as seen: CIE Lab under D50, the white of profiles (CIE 15:2018), there and back. Knows nothing of pictures."""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.linear_light import Space
from mattebox.types import Floats

EDGE, SLOPE = 216 / 24389, 24389 / 27


def lab_of(light: Floats, space: Space) -> Floats:
    """Linear light (... x 3) -> L 0 to 100, a, b."""
    white = space.matrix.sum(1)
    xyz = light @ (space.matrix / white[:, None]).T.astype(np.float32)
    f = np.where(xyz > EDGE, np.cbrt(xyz), (SLOPE * xyz + 16) / 116)
    made: Floats = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    return made


def light_of(lab: Floats, space: Space) -> Floats:
    """L, a, b -> linear light, which may lie outside 0 to 1."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    cubed = f * f * f
    xyz = np.where(cubed > EDGE, cubed, (116 * f - 16) / SLOPE)
    back = np.linalg.inv(space.matrix) * space.matrix.sum(1)
    made: Floats = (xyz @ back.T.astype(np.float32)).astype(np.float32)
    return made


def fitted(light: Floats, space: Space) -> Floats:
    """Colours outside 0..1 mixed with the grey of their luminance until they fit: paler, never of another hue."""
    grey = np.clip(light @ space.weights, 0, 1)[..., None]
    away = light - grey
    over = np.where(away > 0, (1 - grey) / np.maximum(away, 1e-6), grey / np.maximum(-away, 1e-6))
    made: Floats = grey + away * np.minimum(over.min(-1, keepdims=True), 1)
    return made
