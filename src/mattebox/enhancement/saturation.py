"""Saturation and vibrance: stronger or paler colours of the same hue and luminance, inside the gamut."""

from __future__ import annotations

import numpy as np

from mattebox.core.channel_extremes import largest_channel, smallest_channel
from mattebox.enhancement.colour_space import ColourSpace, colour_space_of
from mattebox.enhancement.gamut import fit_to_gamut, gamut_headroom
from mattebox.enhancement.linear_light import apply_in_linear_light
from mattebox.enhancement.oklab import linear_to_oklab, oklab_to_linear
from mattebox.enhancement.skin_likelihood import skin_likelihood
from mattebox.recipe.steps import Colour
from mattebox.types import Floats, Picture, Pixels

SKIN_PROTECTION_SHARE = 0.8  # of vibrance, from which skin is spared
HEADROOM_SHARE = 0.5  # of the gamut's headroom, up to which gains are about linear


def adjust_saturation(picture: Picture, step: Colour, where: Pixels | None = None) -> Picture:
    """Adjust saturation and vibrance.

    Parameters
    ----------
    picture
        Either depth, any profile; alpha is kept.
    step
        Saturation and vibrance in percent; both 0 return the picture itself.
    where
        H x W mask, 0 to its peak: where the adjustment applies.
    """
    if not step.saturation and not step.vibrance:
        return picture
    space = colour_space_of(picture)

    def transform(linear: Floats, _: slice) -> Floats:
        grey = (linear @ space.luminance_weights)[..., None]
        boost = np.full(grey.shape, step.saturation / 100, np.float32)
        if step.vibrance:
            boost += _vibrance_boost(linear, step.vibrance / 100, space)[..., None]
        gain = _limit_chroma_gain(linear, grey, np.maximum(boost, -1))
        return fit_to_gamut(_scale_chroma(linear, grey, gain, space), space)

    return apply_in_linear_light(picture, transform, 1, where)


def _vibrance_boost(linear: Floats, vibrance: float, space: ColourSpace) -> Floats:
    """The saturation that vibrance adds: little to what is saturated already, or skin."""
    highest, lowest = largest_channel(linear), smallest_channel(linear)
    saturation = 1 - np.sqrt(lowest / np.maximum(highest, np.float32(1e-4)))  # about as it is perceived
    weight = (1 - saturation) ** 2 if vibrance > 0 else 1 - saturation
    boost: Floats = vibrance * weight * (1 - SKIN_PROTECTION_SHARE * skin_likelihood(linear, space))
    return boost


def _scale_chroma(linear: Floats, grey: Floats, gain: Floats, space: ColourSpace) -> Floats:
    """Chroma times `gain` in Oklab, at the same luminance."""
    oklab = linear_to_oklab(linear, space)
    oklab[..., 1:] *= gain
    result = oklab_to_linear(oklab, space)
    result *= grey / np.maximum((result @ space.luminance_weights)[..., None], np.float32(1e-6))
    return result


def _limit_chroma_gain(linear: Floats, grey: Floats, boost: Floats) -> Floats:
    """1 + `boost`, compressed so that a colour takes some of the gamut's headroom and never all."""
    headroom = np.maximum(gamut_headroom(linear, linear - grey, 1e-5), 0)
    compressed = headroom * (1 - np.exp(-np.maximum(boost, 0) / np.maximum(headroom * HEADROOM_SHARE, 1e-5)))
    gain: Floats = (1 + np.where(boost > 0, np.minimum(compressed, boost), boost)).astype(np.float32)
    return gain
