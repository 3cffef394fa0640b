"""Square crops of candidates, with what lies around them: what a verifier looks at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.types import Floats, ImageShape

OUTSIDE_GREY = (114, 114, 114)
MIN_SIDE_PIXELS = 2.0  # of a box


def crop_candidate(rgb: NDArray[np.uint8], box: Floats, side: int, context: float) -> NDArray[np.uint8]:
    """The square around a box, `context` times its longer side, as side x side x 3; grey outside the picture.

    Parameters
    ----------
    rgb : H x W x 3 uint8
    box : 4 float32
        Left, top, right, bottom in its pixels.
    """
    reach = max(float(box[2] - box[0]), float(box[3] - box[1]), MIN_SIDE_PIXELS) * context / 2
    left, top = (float(box[i] + box[i + 2]) / 2 - reach for i in (0, 1))
    height, width = rgb.shape[:2]
    inside = max(left, 0.0), max(top, 0.0), min(left + 2 * reach, float(width)), min(top + 2 * reach, float(height))
    canvas, scale = Image.new("RGB", (side, side), OUTSIDE_GREY), side / (2 * reach)
    place = [round((v - o) * scale) for v, o in zip(inside, (left, top) * 2, strict=True)]
    size = place[2] - place[0], place[3] - place[1]
    if min(size) > 0 and inside[2] - inside[0] >= 1 and inside[3] - inside[1] >= 1:
        part = Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR, box=inside, reducing_gap=3.0)
        canvas.paste(part, (place[0], place[1]))
    return np.asarray(canvas)


def crop_candidates(
    levels: Mapping[ImageShape, NDArray[np.uint8]], shape: ImageShape, boxes: Floats, side: int, context: float
) -> NDArray[np.uint8]:
    """Crops of all boxes of a picture, each from the smallest level of its pyramid that has the pixels.

    Parameters
    ----------
    levels : dict
        (height, width) -> the picture at that size.
    shape : (int, int)
        Height and width that the boxes are in.
    boxes : n x 4 float32
    side, context
        As for `crop_candidate`.

    Returns
    -------
    n x side x side x 3 uint8
    """
    crops = np.zeros((len(boxes), side, side, 3), np.uint8)
    heights = sorted(levels)
    for number, box in enumerate(boxes):
        longest = max(float(box[2] - box[0]), float(box[3] - box[1]), MIN_SIDE_PIXELS) * context
        level = next((size for size in heights if longest * size[0] / shape[0] >= side), heights[-1])
        scale = np.array([level[1] / shape[1], level[0] / shape[0]] * 2, np.float32)
        crops[number] = crop_candidate(levels[level], box * scale, side, context)
    return crops
