"""Nearly identical frames: the matte of the last frame that the network saw is used again.

A frame is compared with the one that the network saw, never with its predecessor, so small changes cannot add up. On
the network's own grid, the mean colour of every 4 x 4 block must lie within MAX_BLOCK_CHANGE of the other frame's. What
this can miss is therefore bounded: a change that moves no block's mean colour by more than MAX_BLOCK_CHANGE in any
channel, of which the network itself sees at most that difference on average over any block.
"""

from __future__ import annotations

import numpy as np

from mattebox.types import Floats

BLOCK_CELLS = 4
MAX_BLOCK_CHANGE = 2 / 255


def is_nearly_identical(guide: Floats, reference: Floats) -> bool:
    """Whether no block of two guides (h x w x 3, 0..1) differs by more than MAX_BLOCK_CHANGE in any channel."""
    return guide.shape == reference.shape and max_block_change(guide, reference) <= MAX_BLOCK_CHANGE


def max_block_change(guide: Floats, reference: Floats) -> float:
    """Largest difference of a block's mean, of any channel, 0..1. Blocks at the lower and right rim may be smaller."""
    difference = guide - reference
    rows = np.arange(0, guide.shape[0], BLOCK_CELLS)
    columns = np.arange(0, guide.shape[1], BLOCK_CELLS)
    sums = np.add.reduceat(np.add.reduceat(difference, rows, axis=0), columns, axis=1)
    heights = np.diff(np.append(rows, guide.shape[0]))[:, None, None]
    widths = np.diff(np.append(columns, guide.shape[1]))[None, :, None]
    return float(np.abs(sums / (heights * widths)).max())
