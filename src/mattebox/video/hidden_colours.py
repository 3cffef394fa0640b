"""Colours under full transparency, far from the subject: made flat in formats for delivery.

They cost encoding time and bytes, and would give the background away. Next to the subject they stay, so that a lossy
encoder does not mix a flat colour into its edges.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.connected_components import dilate
from mattebox.types import Picture

BLOCK_PIXELS = 16  # twice that of 4:2:0's transforms; cleared where the eight blocks around are transparent too
CLEAR_SHARE = 0.5  # of the peak: mid-grey


def clear_hidden_colours(picture: Picture) -> Picture:
    """The picture with blocks of pixels flat that are transparent, as are all of their neighbours.

    Parameters
    ----------
    picture : Picture
        With straight alpha; one without is returned as it is.
    """
    if picture.alpha is None:
        return picture
    height, width = picture.shape
    down = np.maximum.reduceat(picture.alpha, np.arange(0, height, BLOCK_PIXELS), axis=0)
    used = dilate(np.maximum.reduceat(down, np.arange(0, width, BLOCK_PIXELS), axis=1) > 0, 1)
    if used.all():
        return picture
    rgb, grey = picture.rgb.copy(), round(CLEAR_SHARE * picture.bit_depth.peak)
    for row in range(len(used)):
        hidden = np.repeat(~used[row], BLOCK_PIXELS)[:width]
        rgb[row * BLOCK_PIXELS : (row + 1) * BLOCK_PIXELS, hidden] = grey
    return picture.with_pixels(rgb, picture.alpha)
