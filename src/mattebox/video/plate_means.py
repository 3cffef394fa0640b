"""The mean colours of a background plate: updated by frames, and forgotten where the subject contradicts them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, Mask
from mattebox.video.plate_measures import CHANGED_LEVELS, LEVELS, square_size, to_levels

MAX_COUNT = 15  # frames over which a pixel's mean goes
CHUNK_PIXELS = 65_536  # that are updated at a time
BLOCK_PIXELS = 16  # in which means are forgotten
MAX_CONTRADICTED_SHARE = 0.3  # of a block's samples of the subject's inside


def update_means(
    colours: NDArray[np.uint16], counts: NDArray[np.uint8], places: NDArray[np.intp], shown: Floats
) -> None:
    """Take colours into the means at places; a colour that is another than before begins a mean of its own. In place.

    Parameters
    ----------
    colours : H x W x 3 uint16
        The means, 0..65535.
    counts : H x W uint8
        Frames in each.
    places : N int
        Indices in the flat plane.
    shown : N x 3 float32
        Levels 0..255 that a frame shows there.
    """
    flat, flat_counts = colours.reshape(-1, 3), counts.ravel()
    count, known = flat_counts.take(places), to_levels(flat.take(places, axis=0))
    change = shown - known
    count[square_size(change) > CHANGED_LEVELS**2] = 0
    known += change / (count[:, None] + np.float32(1))
    flat[places] = np.rint(known.clip(0, LEVELS) * np.float32(257)).astype(np.uint16)
    flat_counts[places] = np.minimum(count + 1, MAX_COUNT)


def forget_contradicted(
    counts: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp], is_same: Mask
) -> None:
    """Forget the blocks, and those around them, in which the subject's certain inside looks like the plate. In place.

    Parameters
    ----------
    counts : H x W uint8
        Frames in each mean.
    rows, columns : N int
        Samples of the subject's certain inside, in the plate.
    is_same : N bool
        Whether the plate looks the same there.
    """
    height, width = counts.shape
    shape = -(-height // BLOCK_PIXELS), -(-width // BLOCK_PIXELS)
    blocks = rows // BLOCK_PIXELS * shape[1] + columns // BLOCK_PIXELS
    claimed = np.bincount(blocks, minlength=shape[0] * shape[1])
    same = np.bincount(blocks, is_same, minlength=shape[0] * shape[1])
    is_wrong = dilate((same > MAX_CONTRADICTED_SHARE * claimed).reshape(shape), 1)
    if is_wrong.any():
        enlarged = is_wrong.repeat(BLOCK_PIXELS, axis=0).repeat(BLOCK_PIXELS, axis=1)
        counts[enlarged[:height, :width]] = 0
