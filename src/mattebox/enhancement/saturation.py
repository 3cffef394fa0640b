"""Saturation and vibrance: colours stronger or paler, of the same hue and luminance, and none beyond what fits.

Knows nothing of light and tone.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement import skin_mask
from mattebox.enhancement.lab import fitted
from mattebox.enhancement.linear_light import Space, space_of, worked
from mattebox.enhancement.oklab import light_of, oklab_of
from mattebox.recipe.recipe import Colour
from mattebox.types import Floats, Picture, Pixels

SPARED = 0.8  # share of vibrance that skin is spared
ROOM = 0.5  # share of what still fits that a colour may take of it


def coloured(picture: Picture, step: Colour, where: Pixels | None = None) -> Picture:
    """The picture with those colours; all at 0 is the picture itself."""
    if not step.saturation and not step.vibrance:
        return picture
    space = space_of(picture)

    def work(linear: Floats, _: slice) -> Floats:
        grey = (linear @ space.weights)[..., None]
        more = np.full(grey.shape, step.saturation / 100, np.float32)
        if step.vibrance:
            most, least = linear.max(-1), linear.min(-1)
            rich = 1 - np.sqrt(least / np.maximum(most, np.float32(1e-4)))  # about as it is seen
            pale = (1 - rich) ** 2 if step.vibrance > 0 else 1 - rich
            more += (step.vibrance / 100 * pale * (1 - SPARED * skin_mask.likeness(linear, space)))[..., None]
        return _stronger(linear, grey, _gain(linear, grey, np.maximum(more, -1)), space)

    return worked(picture, lambda light, rows: fitted(work(light, rows), space), 1, where)


def _stronger(linear: Floats, grey: Floats, gain: Floats, space: Space) -> Floats:
    """Colours `gain` times as strong, of the same hue as it is seen, and of the same luminance."""
    lab = oklab_of(linear, space)
    lab[..., 1:] *= gain
    made = light_of(lab, space)
    made *= grey / np.maximum((made @ space.weights)[..., None], np.float32(1e-6))
    return made


def _gain(linear: Floats, grey: Floats, more: Floats) -> Floats:
    """1 + more, bent where the colour would leave 0..1: it takes some of the room left, and never all."""
    away = linear - grey
    room = np.where(away > 0, (1 - linear) / np.maximum(away, 1e-5), linear / np.maximum(-away, 1e-5))
    most = np.maximum(room.min(-1, keepdims=True), 0)
    bent = most * (1 - np.exp(-np.maximum(more, 0) / np.maximum(most * ROOM, 1e-5)))
    made: Floats = (1 + np.where(more > 0, np.minimum(bent, more), more)).astype(np.float32)
    return made
