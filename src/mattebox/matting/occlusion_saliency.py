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
from mattebox.matting.segmentation import flatten_on_white
from mattebox.models.matte_session import Session
from mattebox.types import Floats, Picture

DEFAULT_GRID_CELLS = 12  # along the longer side
BLURRED_SIDE_SAMPLES = 6  # samples along the longer side that are left of what is hidden


def saliency(
    picture: Picture,
    session: Session,
    cells: int = DEFAULT_GRID_CELLS,
    on_progress: Callable[[float], None] | None = None,
) -> Floats:
    """H x W at the network's resolution, 0..1: how much each part decides over the rest; 1 is the most.

    All 0 when nothing changes whatever is hidden. Takes parts x parts runs; `on_progress` is told the share done.
    """
    x, geometry = session.preprocess(flatten_on_white(picture))
    height, width = geometry.content_shape
    whole = session.postprocess(session.run(x), geometry)
    hidden = _blur_planes(x[0, :, :height, :width])
    cell = max(1, -(-max(height, width) // cells))
    rows, columns = -(-height // cell), -(-width // cell)
    heat = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            part = (slice(row * cell, (row + 1) * cell), slice(column * cell, (column + 1) * cell))
            heat[row, column] = _occlusion_effect(
                x, hidden, whole, part, lambda y: session.postprocess(session.run(y), geometry)
            )
        if on_progress is not None:
            on_progress((row + 1) / rows)
    smooth = resampling.enlarge(heat / max(float(heat.max()), 1e-6), (rows * cell, columns * cell))
    return np.ascontiguousarray(smooth[:height, :width].clip(0, 1))


def _occlusion_effect(
    x: NDArray[np.float32],
    blurred: NDArray[np.float32],
    baseline: Floats,
    window: tuple[slice, slice],
    predict: Callable[[NDArray[np.float32]], Floats],
) -> float:
    """Mean change of the matte outside a part that is hidden."""
    changed = x.copy()
    limits = slice(0, blurred.shape[1]), slice(0, blurred.shape[2])
    changed[0][:, limits[0], limits[1]][:, window[0], window[1]] = blurred[:, window[0], window[1]]
    difference = np.abs(predict(changed) - baseline)
    difference[window] = 0
    return float(difference.mean())


def _blur_planes(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """3 x H x W with nothing left but wide washes of colour."""
    size = planes.shape[1], planes.shape[2]
    few = (
        max(1, round(BLURRED_SIDE_SAMPLES * size[0] / max(size))),
        max(1, round(BLURRED_SIDE_SAMPLES * size[1] / max(size))),
    )
    small = [resampling.crop_and_resize_plane(plane, (0, 0, size[1], size[0]), few) for plane in planes]
    return np.stack([resampling.enlarge(plane, size) for plane in small])
