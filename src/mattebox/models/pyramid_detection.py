"""Detection of objects of any size by a network that knows a range of sizes: over a pyramid of the picture, in tiles.

The network sees the picture at several scales, each half the one before; what it finds at all of them is merged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.models.detections import Detections, concatenate_detections, no_detections, suppress_non_maxima
from mattebox.types import ImageShape

DetectTile = Callable[[NDArray[np.uint8]], Detections]
"""H x W x 3 sRGB of a tile, whose sides are as the network needs them -> what is in it, in its pixels."""

ResizePixels = Callable[[ImageShape], NDArray[np.uint8]]
"""Height and width -> the whole picture at that size."""

PADDING_GREY = 114
LEVEL_RATIO = 2.0
MAX_PIXELS = 16_000_000  # at the first level
ENLARGED_PIXELS = 700_000  # pictures of fewer pixels are searched at twice their size, too
LAST_LEVEL_SHARE = 0.5
BORDER_PIXELS = 1.0  # from a tile's border, within which a box is cut off
OVERLAP_RATIO = 1.5  # of tiles, against the largest object: it is whole, with some surroundings, in one of them


@dataclass(frozen=True)
class SearchTiles:
    """How a picture is cut into tiles.

    Attributes
    ----------
    side : int
        Of a tile, in pixels.
    multiple : int
        Tiles are padded to multiples of it.
    largest : float
        Longer side in pixels of the largest object that the network finds.
    """

    side: int
    multiple: int
    largest: float

    @property
    def overlap(self) -> int:
        """Pixels that neighbouring tiles share."""
        return round(min(OVERLAP_RATIO * self.largest, self.side / 2))


def detect_at_levels(
    shape: ImageShape,
    resize: ResizePixels,
    detect: DetectTile,
    layout: SearchTiles,
    enlarge: bool = True,
    max_part_ratio: float = math.inf,
) -> Detections:
    """Detect objects of all sizes in a picture of a shape; best first, in its pixels.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture.
    resize : ResizePixels
    detect : DetectTile
    layout : SearchTiles
    enlarge : bool
        Also search twice the size, where the picture is small: for faces of fewer than ten pixels.
    max_part_ratio : float
        Of areas, up to which a box within a better one is dropped; see `suppress_non_maxima`.
    """
    parts = [no_detections()]
    for size in level_sizes(shape, layout.largest, enlarge):
        found = _detect_in_tiles(resize(size), detect, layout)
        parts.append(found.transform((shape[1] / size[1], shape[0] / size[0])))
    found = suppress_non_maxima(concatenate_detections(parts), max_part_ratio=max_part_ratio)
    limit = np.array([shape[1], shape[0]] * 2, np.float32)
    return found._replace(boxes=np.clip(found.boxes, 0, limit))


def level_sizes(shape: ImageShape, largest: float, enlarge: bool = True) -> list[ImageShape]:
    """Heights and widths of the pyramid's levels; at the last an object that fills the picture has LAST_LEVEL_SHARE of
    the largest that the network finds: at twice that size few are found."""
    pixels = shape[0] * shape[1]
    scale = 2.0 if enlarge and pixels <= ENLARGED_PIXELS else min(1.0, math.sqrt(MAX_PIXELS / pixels))
    sizes = []
    while True:
        height, width = (max(1, round(s * scale)) for s in shape)
        sizes.append((height, width))
        if max(height, width) <= LAST_LEVEL_SHARE * largest:
            return sizes
        scale /= LEVEL_RATIO


def _detect_in_tiles(rgb: NDArray[np.uint8], detect: DetectTile, layout: SearchTiles) -> Detections:
    """What is found in all tiles; objects that a tile cuts off are whole in another."""
    parts: list[Detections] = []
    height, width = rgb.shape[:2]
    for top, left in _tile_corners(rgb.shape[:2], layout):
        tile = rgb[top : top + layout.side, left : left + layout.side]
        found = detect(_pad(tile, layout.multiple))
        inner = np.array([left > 0, top > 0, left + layout.side < width, top + layout.side < height])
        beyond = found.boxes * (-1, -1, 1, 1) + (0, 0, -tile.shape[1], -tile.shape[0]) > -BORDER_PIXELS
        parts.append(found.select(~(beyond & inner).any(1)).transform((1.0, 1.0), (left, top)))
    return concatenate_detections(parts)


def _tile_corners(shape: tuple[int, ...], layout: SearchTiles) -> Iterator[tuple[int, int]]:
    overlap, step = layout.overlap, layout.side - layout.overlap
    for top in range(0, max(1, shape[0] - overlap), step):
        for left in range(0, max(1, shape[1] - overlap), step):
            yield top, left


def _pad(tile: NDArray[np.uint8], multiple: int) -> NDArray[np.uint8]:
    """The tile with grey at the right and below, so that its sides are multiples."""
    down, across = (-s % multiple for s in tile.shape[:2])
    return np.pad(tile, ((0, down), (0, across), (0, 0)), constant_values=PADDING_GREY)
