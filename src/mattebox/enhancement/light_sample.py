"""A sample of a picture's linear light, on which estimates of exposure, haze and illuminant are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mattebox.enhancement.colour_space import ColourSpace, colour_space_of
from mattebox.types import BitDepth, Floats, Picture, Pixels

SAMPLE_SIDE_PIXELS = 384  # about: the sample's longer side
MIN_SAMPLE_PIXELS = 64  # fewer pixels do not support an estimate
MIN_USABLE_LIGHT, MAX_USABLE_LIGHT = 0.004, 0.98  # the brightest channel: darker is noise, brighter is clipped


@dataclass(frozen=True, eq=False)
class LightSample:
    """Linear light of some pixels: `grid` h x w x 3, `grid_weights` h x w (0..1: opacity, and whether the pixel
    counts)."""

    grid: Floats
    grid_weights: Floats
    space: ColourSpace

    @property
    def light(self) -> Floats:
        """n x 3: all pixels."""
        return self.grid.reshape(-1, 3)

    @property
    def weights(self) -> Floats:
        """n: the weight of each pixel."""
        return self.grid_weights.reshape(-1)

    @property
    def visible_mask(self) -> NDArray[np.bool_]:
        """h x w: pixels of more than half the full weight."""
        mask: NDArray[np.bool_] = self.grid_weights > 0.5
        return mask

    @property
    def visible_light(self) -> Floats:
        """n x 3: the visible pixels only."""
        return self.grid[self.visible_mask]

    @property
    def usable_mask(self) -> NDArray[np.bool_]:
        """h x w: visible pixels that are neither too dark nor clipped, whose colour tells of the illuminant."""
        brightest = self.grid.max(-1)
        mask: NDArray[np.bool_] = self.visible_mask & (brightest < MAX_USABLE_LIGHT) & (brightest > MIN_USABLE_LIGHT)
        return mask

    def gradients(self) -> tuple[Floats, Floats]:
        """(h - 1) x (w - 1) x 3: each pixel less its left neighbour, and less the one above."""
        inner = self.grid[1:, 1:]
        return inner - self.grid[1:, :-1], inner - self.grid[:-1, 1:]

    def with_grid(self, grid: Floats) -> LightSample:
        """The same pixels under other light."""
        return replace(self, grid=grid)


def pixels_with_neighbours(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(h - 1) x (w - 1): pixels that are set in an h x w mask like their left neighbours and those above."""
    return mask[1:, 1:] & mask[:-1, 1:] & mask[1:, :-1]


def sample_light(picture: Picture, where: Pixels | None = None, side: int = SAMPLE_SIDE_PIXELS) -> LightSample:
    """Sample every n-th pixel of a picture.

    Parameters
    ----------
    picture
        Any size; transparent pixels get the weight of their alpha.
    where
        H x W mask, 0 to its peak, by which pixels are weighted as well.
    side
        About the longer side of the sample, in pixels.
    """
    step = max(1, round(max(picture.shape) / side))
    pick = (slice(step // 2, None, step), slice(step // 2, None, step))
    if min(picture.shape) <= step // 2:
        pick = (slice(0, 1), slice(0, 1))
    space = colour_space_of(picture)
    weights = np.ones(picture.rgb[pick].shape[:2], np.float32)
    for plane in (picture.alpha, where):
        if plane is not None:
            weights *= plane[pick].astype(np.float32) / np.float32(BitDepth.of_pixels(plane).peak)
    return LightSample(space.decode(np.ascontiguousarray(picture.rgb[pick])), weights, space)
