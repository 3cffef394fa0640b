"""Why did it cut this? The parts of a photograph that the network's decision rests on, found by hiding them.

Occlusion sensitivity (Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, 2014): each part in turn
is replaced by its surroundings' blur, and where the matte elsewhere changes, that part mattered. Needs no gradients, so
that it explains any card's network. Knows nothing of files or colours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mattebox.io import resampling
from mattebox.matting.segmentation import on_white
from mattebox.models.matte_session import Session
from mattebox.types import Floats, Picture

PARTS = 12  # along the longer side
BLUR = 6  # samples along the longer side that are left of what is hidden


def saliency(
    picture: Picture, session: Session, parts: int = PARTS, tell: Callable[[float], None] | None = None
) -> Floats:
    """H x W at the network's resolution, 0..1: how much each part decides over the rest; 1 is the most.

    All 0 when nothing changes whatever is hidden. Takes parts x parts runs; `tell` is told the share done.
    """
    x, geometry = session.prepare(on_white(picture))
    height, width = geometry.inner
    whole = session.restore(session.run(x), geometry)
    hidden = _blurred(x[0, :, :height, :width])
    cell = max(1, -(-max(height, width) // parts))
    rows, columns = -(-height // cell), -(-width // cell)
    heat = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            part = (slice(row * cell, (row + 1) * cell), slice(column * cell, (column + 1) * cell))
            heat[row, column] = _moved(x, hidden, whole, part, lambda y: session.restore(session.run(y), geometry))
        if tell is not None:
            tell((row + 1) / rows)
    smooth = resampling.enlarge(heat / max(float(heat.max()), 1e-6), (rows * cell, columns * cell))
    return np.ascontiguousarray(smooth[:height, :width].clip(0, 1))


def _moved(
    x: NDArray[np.float32],
    hidden: NDArray[np.float32],
    whole: Floats,
    part: tuple[slice, slice],
    answer: Callable[[NDArray[np.float32]], Floats],
) -> float:
    """Mean change of the matte outside a part that is hidden."""
    changed = x.copy()
    limits = slice(0, hidden.shape[1]), slice(0, hidden.shape[2])
    changed[0][:, limits[0], limits[1]][:, part[0], part[1]] = hidden[:, part[0], part[1]]
    difference = np.abs(answer(changed) - whole)
    difference[part] = 0
    return float(difference.mean())


def _blurred(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """3 x H x W with nothing left but wide washes of colour."""
    size = planes.shape[1], planes.shape[2]
    few = max(1, round(BLUR * size[0] / max(size))), max(1, round(BLUR * size[1] / max(size)))
    small = [resampling.filtered(plane, (0, 0, size[1], size[0]), few) for plane in planes]
    return np.stack([resampling.enlarge(plane, size) for plane in small])
