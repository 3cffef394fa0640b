"""Label map: one small number for each pixel, from the coarse alphas of several instances or classes.

Pixels that several claim go to the one with the highest score (Kirillov et al., Panoptic Segmentation, 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.io import resampling
from mattebox.types import Floats, ImageShape

MIN_SUBJECT_ALPHA = 0.5  # alpha from which a layer claims a pixel
BACKGROUND_LABEL = 0  # of the background where instances are numbered from 1
VOID_LABEL = 255  # of the background where values are classes, which begin with 0


class LabelledAlpha(NamedTuple):
    """A value for the map (0..255), a score (0..1), and an alpha (h x w, 0..1) of the whole picture."""

    value: int
    score: float
    alpha: Floats


def draw_label_map(
    layers: Sequence[LabelledAlpha], size: ImageShape, background: int = BACKGROUND_LABEL
) -> NDArray[np.uint8]:
    """Draw a label map.

    Parameters
    ----------
    layers : sequence of LabelledAlpha
        In any order.
    size : ImageShape
        (Height, width) of the map.
    background : int
        The value where no alpha reaches one half.

    Returns
    -------
    array of uint8
        Height x width: the value of each pixel.

    Raises
    ------
    ModelError
        When a value is larger than 255.
    """
    if any(not 0 <= layer.value <= 255 for layer in layers):
        raise ModelError("a map holds numbers up to 255, and there are more", "choose fewer classes, or fewer subjects")
    values = np.full(size, background, np.uint8)
    free = np.ones(size, bool)
    for layer in sorted(layers, key=lambda each: -each.score):
        claimed = free & (resampling.enlarge(layer.alpha, size, "bilinear") >= MIN_SUBJECT_ALPHA)
        values[claimed] = layer.value
        free &= ~claimed
    return values
