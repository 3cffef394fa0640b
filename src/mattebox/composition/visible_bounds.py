"""Where a subject is seen before a flat ground: a white handle on white is there, but nobody sees it.

A frame that is filled by 85 % must be filled by what shows. Knows nothing of frames or marketplaces.
"""

from __future__ import annotations

import numpy as np

from mattebox.composition.alpha_compositing import over_colour
from mattebox.core.connected_components import components
from mattebox.io import resampling
from mattebox.io.colour import Colour
from mattebox.types import Box, Picture, Pixels

SHOWS = 8  # levels of 255 from the ground, in any channel
GRID = 500  # longer side of the picture in which parts are found, about
SPECK = 0.00004  # of the picture: smaller parts are dust


def seen_box(cutout: Picture, ground: Colour, box: Box) -> Box:
    """The part of the subject's box in which it differs visibly from the ground; all of it when nothing does."""
    left, top, right, bottom = box
    rows, columns = slice(top, bottom), slice(left, right)
    part = cutout.with_pixels(cutout.rgb[rows, columns], None if cutout.alpha is None else cutout.alpha[rows, columns])
    shown = standing_out(over_colour(part, ground).rgb, ground)
    return box if shown is None else (left + shown[0], top + shown[1], left + shown[2], top + shown[3])


def standing_out(rgb: Pixels, ground: Colour) -> Box | None:
    """Left, top, right, bottom of what differs from the ground, dust left out; None when nothing does."""
    height, width = rgb.shape[:2]
    step = max(1, round(max(height, width) / GRID))
    plain = resampling.eight_bit(np.array([[ground]], rgb.dtype))[0, 0].astype(np.int16)
    differs = np.abs(resampling.reduce(rgb, step) - plain).max(2) >= SHOWS
    boxes = np.array([p.box for p in components(differs)[1] if p.area >= SPECK * differs.size])
    if not len(boxes):
        return None
    boxes *= step
    return (
        int(boxes[:, 0].min()), int(boxes[:, 1].min()),
        min(width, int(boxes[:, 2].max())), min(height, int(boxes[:, 3].max())),
    )  # fmt: skip
