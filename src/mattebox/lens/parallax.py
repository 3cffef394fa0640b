"""Views of a photograph from places beside the camera, by its depth: the subject before a background that is filled in.

A point moves by the camera's step times the difference of its inverse depth to that of the plane that stays. The
background is warped backwards, by the depth of where it comes from (found in a few steps); the subject moves as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.core.connected_components import dilate
from mattebox.core.cpu_threads import parallel_map
from mattebox.core.strips import iter_strips
from mattebox.lens.hole_filling import fill_behind_subject
from mattebox.lens.overlaid_levels import as_shares
from mattebox.lens.photograph_blur import Subject
from mattebox.types import Floats, Picture, Pixels

SEARCH_STEPS = 3  # to the place that a pixel comes from
RIM_ALPHA, RIM_PIXELS = 5, 3  # around a subject that come into view and show its colours, too
STILL_NEARNESS = 0.4  # of the plane that stays where it is


@dataclass(frozen=True, eq=False)
class ParallaxScene:
    """A photograph in two layers.

    Attributes
    ----------
    background : (3, H, W) float32
        Encoded values, 0..255, filled in behind the subject.
    nearness : (H, W) float32
        Of the background, 0..1.
    front : (4, H, W) float32 or None
        The subject's encoded values, multiplied by its alpha, and its alpha 0..1.
    front_nearness : float
    """

    background: Floats
    nearness: Floats
    front: Floats | None = None
    front_nearness: float = 1.0


def separate_layers(photograph: Picture, nearness: Floats, subject: Subject | None) -> ParallaxScene:
    """The layers of a photograph of 8 bits, from the nearness (H, W) of each pixel, and its subject."""
    planes = np.concatenate([np.moveaxis(photograph.rgb, 2, 0).astype(np.float32), nearness[None]])
    if subject is None or subject.cutout.alpha is None:
        return ParallaxScene(planes[:3], planes[3])
    is_near_subject = dilate(subject.cutout.alpha > RIM_ALPHA, RIM_PIXELS)
    fill_behind_subject(planes, is_near_subject.astype(np.uint8) * np.uint8(255))
    share = as_shares(subject.cutout.alpha)
    front = np.concatenate([np.moveaxis(subject.cutout.rgb, 2, 0) * share, share[None]])
    return ParallaxScene(planes[:3], planes[3], front.astype(np.float32), subject.nearness)


def render_view(scene: ParallaxScene, step: tuple[float, float], margin: float) -> Pixels:
    """What a camera sees that stands aside.

    Parameters
    ----------
    scene : ParallaxScene
    step : (float, float)
        How far, to the right and down: pixels by which the nearest and the farthest point move against each other.
    margin : float
        Pixels at each side of the frame that are left out, so that what lies outside it does not come into view.

    Returns
    -------
    (H, W, 3) uint8
    """
    height, width = scene.nearness.shape
    view: Pixels = np.empty((height, width, 3), np.uint8)
    across = margin + np.arange(width, dtype=np.float32) * np.float32(1 - 2 * margin / width)

    def render(rows: slice) -> None:
        down = margin + np.arange(rows.start, rows.stop, dtype=np.float32) * np.float32(1 - 2 * margin / height)
        y, x = (np.broadcast_to(line, (len(down), width)) for line in (down[:, None], across[None, :]))
        near = _sample(scene.nearness[None], y, x)[0]
        for _ in range(SEARCH_STEPS):
            near = _sample(scene.nearness[None], *_find_origins(y, x, near, step))[0]
        seen = _sample(scene.background, *_find_origins(y, x, near, step))
        if scene.front is not None:
            front = _sample(scene.front, *_find_origins(y, x, np.float32(scene.front_nearness), step))
            seen = seen * (1 - front[3]) + front[:3]
        view[rows] = np.moveaxis(np.rint(np.clip(seen, 0, 255)).astype(np.uint8), 0, 2)

    parallel_map(render, list(iter_strips(height)))
    return view


def _find_origins(y: Floats, x: Floats, near: Floats | np.float32, step: tuple[float, float]) -> tuple[Floats, Floats]:
    """Where points of this nearness come from."""
    distance = near - np.float32(STILL_NEARNESS)
    return y + np.float32(step[1]) * distance, x + np.float32(step[0]) * distance


def _sample(planes: Floats, y: Floats, x: Floats) -> Floats:
    """(C, H, W) planes at some places, bilinear; their rim is repeated beyond it."""
    height, width = planes.shape[1:]
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    top, left = (np.minimum(line.astype(np.int32), max(0, side - 2)) for line, side in ((y, height), (x, width)))
    down, across = y - top, x - left
    flat, at = planes.reshape(len(planes), -1), top * width + left
    right, below = min(1, width - 1), width if height > 1 else 0
    upper = flat[:, at] * (1 - across) + flat[:, at + right] * across
    lower = flat[:, at + below] * (1 - across) + flat[:, at + below + right] * across
    sampled: Floats = (upper * (1 - down) + lower * down).astype(np.float32)
    return sampled
