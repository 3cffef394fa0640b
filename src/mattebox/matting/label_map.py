"""Which of several things each pixel of a photograph belongs to: one map of small numbers from coarse alphas.

Pixels that several claim go to the surest (Kirillov et al., Panoptic Segmentation, 2019). Knows nothing of networks or
files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.io import resampling
from mattebox.types import Floats, ImageShape

MIN_SUBJECT_ALPHA = 0.5  # alpha from which a pixel is a thing's
BACKGROUND_LABEL = 0  # where things are numbered from 1
VOID_LABEL = 255  # where values are classes, which begin with 0


class LabelledAlpha(NamedTuple):
    """What a thing is called in the map (0..255), how sure it is (0..1), and its alpha (h x w, 0..1, of the whole)."""

    value: int
    score: float
    alpha: Floats


def draw_label_map(
    layers: Sequence[LabelledAlpha], size: ImageShape, background: int = BACKGROUND_LABEL
) -> NDArray[np.uint8]:
    """height x width uint8: each pixel's value, `background` where no alpha reaches a half. ModelError for values > 255."""
    if any(not 0 <= claim.value <= 255 for claim in layers):
        raise ModelError("a map holds numbers up to 255, and there are more", "choose fewer classes, or fewer subjects")
    values = np.full(size, background, np.uint8)
    free = np.ones(size, bool)
    for claim in sorted(layers, key=lambda c: -c.score):
        mine = free & (resampling.enlarge(claim.alpha, size, "bilinear") >= MIN_SUBJECT_ALPHA)
        values[mine] = claim.value
        free &= ~mine
    return values
