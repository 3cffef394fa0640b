"""Trimaps: 0 is certain background, 255 certain subject, 128 unknown.

A trimap can be made from a coarse matte by its uncertainty. One drawn by the user is solved by itself, see
`trimap_matting`, and holds exactly where it is certain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.core.interface import name_image
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.matting.mask_validation import check_grey, check_same_size
from mattebox.matting.matte_operations import as_floats
from mattebox.types import Matte, Picture

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255  # values of a trimap
MAX_BACKGROUND_VALUE, MIN_FOREGROUND_VALUE = 15, 240  # values of a drawing that count as the two certain ones
KNOWN_ALPHA_MARGIN = 0.05  # alpha this close to 0 or 1 is certain
UNKNOWN_BAND_SAMPLES = 1  # samples around uncertain ones that are unknown, too: a network's grid is coarse


def trimap_from_matte(matte: Matte) -> NDArray[np.uint8]:
    """A trimap H x W, uint8, of a matte: unknown along the edge and wherever alpha is uncertain."""
    alpha = as_floats(matte.alpha)
    uncertain = (alpha > KNOWN_ALPHA_MARGIN) & (alpha < 1 - KNOWN_ALPHA_MARGIN)
    subject = alpha > 0.5
    edge = dilate(subject, UNKNOWN_BAND_SAMPLES) & dilate(~subject, UNKNOWN_BAND_SAMPLES)
    unknown = dilate(uncertain, UNKNOWN_BAND_SAMPLES) | edge
    return np.where(unknown, UNKNOWN, np.where(subject, FOREGROUND, BACKGROUND)).astype(np.uint8)


def trimap_from_picture(drawing: Picture, picture: Picture, path: str) -> NDArray[np.uint8]:
    """Read a drawn trimap.

    Parameters
    ----------
    drawing : Picture
        Grey picture, any bit depth.
    picture : Picture
        The picture it was drawn for.
    path : str
        Where the trimap comes from, for messages.

    Returns
    -------
    array of uint8
        H x W, with the values 0, 128 and 255.

    Raises
    ------
    UsageError
        When the drawing is in colour or of another size than the picture, or lacks certain subject or background.
    """
    check_same_size(drawing, picture, name_image("trimap", path), "draw it at the picture's size")
    check_grey(drawing, name_image("trimap", path), "give a grey picture of 0, 128 and 255")
    grey = resampling.to_eight_bit(drawing.rgb)[..., 1]
    known = np.where(grey >= MIN_FOREGROUND_VALUE, FOREGROUND, UNKNOWN)
    trimap = np.where(grey <= MAX_BACKGROUND_VALUE, BACKGROUND, known).astype(np.uint8)
    for value, name in ((FOREGROUND, "subject (white)"), (BACKGROUND, "background (black)")):
        if not (trimap == value).any():
            raise UsageError(
                f"{name_image('trimap', path)} marks no certain {name}",
                "paint some of it: all else is worked out from there",
            )
    return trimap
