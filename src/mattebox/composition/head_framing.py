"""Framing by the head: a canvas around head and shoulders that cuts neither."""

from __future__ import annotations

from mattebox.composition.frame_spec import parse_fill
from mattebox.composition.placement import Placement, canvas_size
from mattebox.recipe.steps import Frame
from mattebox.types import Box

DEFAULT_HEAD_SHARE, MAX_HEAD_SHARE = 0.5, 0.95  # of the canvas's height
HEADROOM_RATIO = 0.35  # of the head's height, above it


def place_around_head(subject: Box, head: Box, frame: Frame) -> Placement:
    """The placement in which the head takes `fill` (50 % by default) of the canvas's height, centred and with headroom;
    larger where the subject would otherwise end above the canvas's lower border."""
    head_height = head[3] - head[1]
    fill = parse_fill(frame.fill) if frame.fill not in ("any", "original") else None
    share = min(fill or DEFAULT_HEAD_SHARE, MAX_HEAD_SHARE)
    width, height = canvas_size((head_height / share, head_height / share), frame)
    headroom = min(HEADROOM_RATIO * share, (1 - share) / 2) * height
    height_below = max(subject[3] - head[1], 1)
    scale = max(share * height / head_height, (height - headroom) / height_below)
    return Placement((height, width), scale, width / 2 - scale * (head[0] + head[2]) / 2, headroom - scale * head[1])
