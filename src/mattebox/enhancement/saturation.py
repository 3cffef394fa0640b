"""Saturation and vibrance: colours stronger or paler, of the same hue and luminance, and none beyond what fits.

Knows nothing of light and tone.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement import skin_likelihood
from mattebox.enhancement.lab import fit_to_gamut
from mattebox.enhancement.linear_light import ColourSpace, apply_in_linear_light, colour_space_of
from mattebox.enhancement.oklab import linear_to_oklab, oklab_to_linear
from mattebox.recipe.steps import Colour
from mattebox.types import Floats, Picture, Pixels

SKIN_PROTECTION_SHARE = 0.8  # share of vibrance that skin is spared
HEADROOM_SHARE = 0.5  # share of what still fits that a colour may take of it


def adjust_saturation(picture: Picture, step: Colour, where: Pixels | None = None) -> Picture:
    """The picture with those colours; all at 0 is the picture itself."""
    if not step.saturation and not step.vibrance:
        return picture
    space = colour_space_of(picture)

    def work(linear: Floats, _: slice) -> Floats:
        grey = (linear @ space.luminance_weights)[..., None]
        more = np.full(grey.shape, step.saturation / 100, np.float32)
        if step.vibrance:
            most, least = linear.max(-1), linear.min(-1)
            rich = 1 - np.sqrt(least / np.maximum(most, np.float32(1e-4)))  # about as it is seen
            pale = (1 - rich) ** 2 if step.vibrance > 0 else 1 - rich
            more += (
                step.vibrance
                / 100
                * pale
                * (1 - SKIN_PROTECTION_SHARE * skin_likelihood.skin_likelihood(linear, space))
            )[..., None]
        return _scale_chroma(linear, grey, _limit_chroma_gain(linear, grey, np.maximum(more, -1)), space)

    return apply_in_linear_light(picture, lambda light, rows: fit_to_gamut(work(light, rows), space), 1, where)


def _scale_chroma(linear: Floats, grey: Floats, gain: Floats, space: ColourSpace) -> Floats:
    """Colours `gain` times as strong, of the same hue as it is seen, and of the same luminance."""
    lab = linear_to_oklab(linear, space)
    lab[..., 1:] *= gain
    made = oklab_to_linear(lab, space)
    made *= grey / np.maximum((made @ space.luminance_weights)[..., None], np.float32(1e-6))
    return made


def _limit_chroma_gain(linear: Floats, grey: Floats, boost: Floats) -> Floats:
    """1 + more, bent where the colour would leave 0..1: it takes some of the room left, and never all."""
    away = linear - grey
    room = np.where(away > 0, (1 - linear) / np.maximum(away, 1e-5), linear / np.maximum(-away, 1e-5))
    most = np.maximum(room.min(-1, keepdims=True), 0)
    bent = most * (1 - np.exp(-np.maximum(boost, 0) / np.maximum(most * HEADROOM_SHARE, 1e-5)))
    made: Floats = (1 + np.where(boost > 0, np.minimum(bent, boost), boost)).astype(np.float32)
    return made
