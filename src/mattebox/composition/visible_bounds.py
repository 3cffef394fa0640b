"""Bounding box of the pixels that differ visibly from a flat background.

A white handle on white is part of the subject, but does not fill the frame.
"""

from __future__ import annotations

import numpy as np

from mattebox.composition.alpha_compositing import flatten_onto_colour
from mattebox.core.channel_extremes import largest_channel
from mattebox.core.connected_components import label_components
from mattebox.io import resampling
from mattebox.io.colour import RgbColour
from mattebox.types import Box, Picture, Pixels

MIN_VISIBLE_DIFFERENCE = 8  # levels of 255, in any channel
GRID_SIDE_CELLS = 500  # of the longer side, about
MIN_COMPONENT_SHARE = 0.00004  # of the picture: smaller parts are dust


def visible_box(cutout: Picture, backdrop_colour: RgbColour, box: Box) -> Box:
    """The part of the subject's box that differs visibly from the background; all of it when nothing does.

    `backdrop_colour` is in the cutout's own encoding, 0 to its peak.
    """
    left, top, right, bottom = box
    rows, columns = slice(top, bottom), slice(left, right)
    crop = cutout.with_pixels(cutout.rgb[rows, columns], None if cutout.alpha is None else cutout.alpha[rows, columns])
    visible = contrasting_box(flatten_onto_colour(crop, backdrop_colour).rgb, backdrop_colour)
    return box if visible is None else (left + visible[0], top + visible[1], left + visible[2], top + visible[3])


def contrasting_box(rgb: Pixels, backdrop_colour: RgbColour) -> Box | None:
    """The box of what differs visibly from a colour, dust left out; None when nothing does."""
    height, width = rgb.shape[:2]
    step = max(1, round(max(height, width) / GRID_SIDE_CELLS))
    colour = resampling.to_eight_bit(np.array([[backdrop_colour]], rgb.dtype))[0, 0].astype(np.int16)
    differs = largest_channel(np.abs(resampling.average_blocks(rgb, step) - colour)) >= MIN_VISIBLE_DIFFERENCE
    boxes = np.array([c.box for c in label_components(differs)[1] if c.area >= MIN_COMPONENT_SHARE * differs.size])
    if not len(boxes):
        return None
    boxes *= step
    return (
        int(boxes[:, 0].min()), int(boxes[:, 1].min()),
        min(width, int(boxes[:, 2].max())), min(height, int(boxes[:, 3].max())),
    )  # fmt: skip
