"""Saliency by occlusion: the parts of a picture that a network's matte depends on.

Zeiler & Fergus, Visualizing and Understanding Convolutional Networks (2014): each cell of a grid in turn is replaced by
its blurred surroundings; the change of the matte elsewhere is its saliency. It needs no gradients, so it works with any
card's network.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mattebox.core.flatten import flatten_on_white
from mattebox.io import resampling
from mattebox.models.matte_session import Session
from mattebox.types import Floats, OnProgress, Picture

DEFAULT_GRID_CELLS = 12  # along the longer side
BLURRED_SIDE_SAMPLES = 6  # samples along the longer side that remain of blurred surroundings


def saliency(
    picture: Picture, session: Session, cells: int = DEFAULT_GRID_CELLS, on_progress: OnProgress | None = None
) -> Floats:
    """Compute how much the matte depends on each part of a picture.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth.
    session : Session
        The network; it runs about `cells` x `cells` times.
    cells : int
        Cells of the grid along the longer side.
    on_progress : OnProgress, optional
        Called after each row of cells.

    Returns
    -------
    Floats
        h x w at the network's resolution, 0..1, where 1 is the most salient cell; 0 everywhere when no cell matters.
    """
    x, geometry = session.preprocess(flatten_on_white(picture))
    height, width = geometry.content_shape

    def predict(network_input: Floats) -> Floats:
        return session.postprocess(session.run(network_input), geometry)

    baseline = predict(x)
    blurred = _blur_planes(x[0, :, :height, :width])
    cell_side = max(1, -(-max(height, width) // cells))
    rows, columns = -(-height // cell_side), -(-width // cell_side)
    effects = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            window = tuple(slice(i * cell_side, (i + 1) * cell_side) for i in (row, column))
            effects[row, column] = _occlusion_effect(x, blurred, baseline, (window[0], window[1]), predict)
        if on_progress is not None:
            on_progress((row + 1) / rows)
    relative = effects / max(float(effects.max()), 1e-6)
    smooth = resampling.enlarge(relative, (rows * cell_side, columns * cell_side))
    return np.ascontiguousarray(smooth[:height, :width].clip(0, 1))


def _occlusion_effect(
    x: Floats, blurred: Floats, baseline: Floats, window: tuple[slice, slice], predict: Callable[[Floats], Floats]
) -> float:
    """Mean change of the matte outside a window when the window is blurred."""
    occluded = x.copy()
    content = occluded[0, :, : blurred.shape[1], : blurred.shape[2]]
    content[:, window[0], window[1]] = blurred[:, window[0], window[1]]
    change = np.abs(predict(occluded) - baseline)
    change[window] = 0
    return float(change.mean())


def _blur_planes(planes: Floats) -> Floats:
    """C x H x W planes, reduced to a few samples and enlarged again."""
    size = planes.shape[1], planes.shape[2]
    height, width = (max(1, round(BLURRED_SIDE_SAMPLES * side / max(size))) for side in size)
    reduced = [resampling.crop_and_resize_plane(p, (0, 0, size[1], size[0]), (height, width)) for p in planes]
    return np.stack([resampling.enlarge(p, size) for p in reduced])
