"""Where a subject is seen before a flat ground: a white handle on white is there, but nobody sees it.

A frame that is filled by 85 % must be filled by what shows. Knows nothing of frames or marketplaces.
"""

from __future__ import annotations

import numpy as np

from mattebox.composition.alpha_compositing import flatten_onto_colour
from mattebox.core.connected_components import label_components
from mattebox.io import resampling
from mattebox.io.colour import RgbColour
from mattebox.types import Box, Picture, Pixels

MIN_VISIBLE_DIFFERENCE = 8  # levels of 255 from the ground, in any channel
GRID_SIDE_CELLS = 500  # longer side of the picture in which parts are found, about
MIN_COMPONENT_SHARE = 0.00004  # of the picture: smaller parts are dust


def visible_box(cutout: Picture, backdrop_colour: RgbColour, box: Box) -> Box:
    """The part of the subject's box in which it differs visibly from the ground; all of it when nothing does."""
    left, top, right, bottom = box
    rows, columns = slice(top, bottom), slice(left, right)
    part = cutout.with_pixels(cutout.rgb[rows, columns], None if cutout.alpha is None else cutout.alpha[rows, columns])
    shown = contrasting_box(flatten_onto_colour(part, backdrop_colour).rgb, backdrop_colour)
    return box if shown is None else (left + shown[0], top + shown[1], left + shown[2], top + shown[3])


def contrasting_box(rgb: Pixels, backdrop_colour: RgbColour) -> Box | None:
    """Left, top, right, bottom of what differs from the ground, dust left out; None when nothing does."""
    height, width = rgb.shape[:2]
    step = max(1, round(max(height, width) / GRID_SIDE_CELLS))
    plain = resampling.to_eight_bit(np.array([[backdrop_colour]], rgb.dtype))[0, 0].astype(np.int16)
    differs = np.abs(resampling.average_blocks(rgb, step) - plain).max(2) >= MIN_VISIBLE_DIFFERENCE
    boxes = np.array([p.box for p in label_components(differs)[1] if p.area >= MIN_COMPONENT_SHARE * differs.size])
    if not len(boxes):
        return None
    boxes *= step
    return (
        int(boxes[:, 0].min()), int(boxes[:, 1].min()),
        min(width, int(boxes[:, 2].max())), min(height, int(boxes[:, 3].max())),
    )  # fmt: skip
