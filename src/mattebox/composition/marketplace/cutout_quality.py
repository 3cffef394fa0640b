"""Measurements of how well a product was cut out: holes, stray pieces, ragged edges, colour fringes, enlargement.

A listing can keep every rule and still not be usable; what is measured here are hints at that. The picture is one of a
product on white, reduced to about a thousand pixels, but for the width of edges, which is measured in its own pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import Component, dilate, label_components
from mattebox.core.smoothing_filters import box_filter
from mattebox.io import resampling
from mattebox.types import Mask, Pixels

GRID_SIDE_PIXELS = 1000
MIN_WHITE_LEVEL = 248  # 0..255, of the darkest channel: lighter is background
MIN_HOLE_SHARE, MAX_HOLE_SHARE = 0.0005, 0.02  # of the product's area: handles are larger
MIN_EMPTY_LEVEL = 254  # 0..255: photographed white, such as a label's, has some shade
EMPTY_QUANTILE = 0.2  # of a hole's levels, as JPEG disturbs some
MAX_HOLE_RIM_LEVEL = 225  # 0..255, beside a hole: highlights fall off softly
MIN_STRAY_SHARE, MAX_STRAY_SHARE = 0.0002, 0.05  # of the product's area: a second shoe is larger
RAGGED_RADIUS_PIXELS = 5  # of the smoothing that a ragged outline differs from
FRINGE_WIDTH_PIXELS = 2
INTERIOR_INSET_PIXELS = 5
INTERIOR_BLUR_PIXELS = 9
EDGE_WINDOW_PIXELS = 12
MIN_EDGE_CONTRAST_LEVELS = 60
MIN_EDGE_COUNT = 50
SHARPEST_EDGES_QUANTILE = 0.2
MIN_SMOOTH_EDGE_PIXELS = 1.3  # photographs' are 1.9 to 3, measured on scikit-image's after cutting out
MAX_SHARP_EDGE_PIXELS = 3.8  # the same enlarged twice: 3.3 to 4.7, three times: 3.8 to 7.2
MAX_RAGGEDNESS_PIXELS = 0.15
MAX_FRINGE_LEVELS = 10.0  # clean cutouts have up to 4
MAX_LINES = 200  # rows, and columns, that are looked at


@dataclass(frozen=True)
class CutoutQuality:
    """How well a product on white was cut out.

    Attributes
    ----------
    hole_count
        White holes with hard rims inside the product.
    stray_count
        Small pieces beside it.
    raggedness
        Mean distance in pixels, of a picture of 1000, between its outline and that outline smoothed.
    fringe_levels
        Strength, 0..255, of a colour along the outline that is neither the product's nor white.
    edge_width_pixels
        Width of the sharpest edges; None where there are too few.
    """

    @property
    def is_ragged(self) -> bool:
        """Whether the outline has steps, as of a mask that was enlarged without smoothing."""
        is_hard = self.edge_width_pixels is not None and self.edge_width_pixels < MIN_SMOOTH_EDGE_PIXELS
        return is_hard and self.raggedness > MAX_RAGGEDNESS_PIXELS

    @property
    def has_fringe(self) -> bool:
        """Whether a colour of the old background is left along the outline."""
        return self.fringe_levels > MAX_FRINGE_LEVELS

    @property
    def is_enlarged(self) -> bool:
        """Whether even the sharpest edges are as soft as those of a picture that was enlarged."""
        return self.edge_width_pixels is not None and self.edge_width_pixels > MAX_SHARP_EDGE_PIXELS

    hole_count: int
    stray_count: int
    raggedness: float
    fringe_levels: float
    edge_width_pixels: float | None


def measure_cutout_quality(rgb: Pixels) -> CutoutQuality:
    """Measure a picture of a product on white."""
    step = max(1, round(max(rgb.shape[:2]) / GRID_SIDE_PIXELS))
    reduced = resampling.average_blocks(rgb, step)
    darkest = reduced.min(2)
    labels, components = label_components(darkest < MIN_WHITE_LEVEL)
    if not components:
        return CutoutQuality(0, 0, 0.0, 0.0, None)
    product, area = labels == 1, components[0].area
    return CutoutQuality(
        _count_holes(product, darkest, area),
        _count_strays(components, area),
        _measure_raggedness(product),
        _measure_fringe(reduced, product),
        _measure_edge_width(resampling.to_eight_bit(rgb)),
    )


def _count_holes(product: Mask, darkest: NDArray[np.uint8], area: int) -> int:
    labels, components = label_components(~product, connectivity=4)
    height, width = product.shape
    count = 0
    for label, component in enumerate(components, 1):
        left, top, right, bottom = component.box
        is_enclosed = left > 0 and top > 0 and right < width and bottom < height
        if is_enclosed and MIN_HOLE_SHARE <= component.area / area <= MAX_HOLE_SHARE:
            rows, columns = slice(max(0, top - 3), bottom + 3), slice(max(0, left - 3), right + 3)
            hole = labels[rows, columns] == label
            levels = darkest[rows, columns]
            inside, rim = hole & ~dilate(~hole, 1), dilate(hole, 2) & ~dilate(hole, 1)
            is_empty = inside.any() and float(np.quantile(levels[inside], EMPTY_QUANTILE)) >= MIN_EMPTY_LEVEL
            count += bool(is_empty and levels[rim].mean() < MAX_HOLE_RIM_LEVEL)
    return count


def _count_strays(components: list[Component], area: int) -> int:
    return sum(MIN_STRAY_SHARE <= component.area / area <= MAX_STRAY_SHARE for component in components[1:])


def _measure_raggedness(product: Mask) -> float:
    padded = np.pad(product, RAGGED_RADIUS_PIXELS + 1, mode="edge")
    smooth = box_filter(padded.astype(np.float32), RAGGED_RADIUS_PIXELS) > 0.5
    outline = padded & dilate(~padded, 1)
    return float((smooth ^ padded).sum() / max(1, outline.sum()))


def _measure_fringe(reduced: NDArray[np.uint8], product: Mask) -> float:
    """The mean colour, without its brightness, by which the rim differs from a mixture of the product and white."""
    rim = product & dilate(~product, FRINGE_WIDTH_PIXELS)
    interior = product & ~dilate(~product, INTERIOR_INSET_PIXELS)
    weight = box_filter(interior.astype(np.float32), INTERIOR_BLUR_PIXELS)
    rim &= weight > 0.02
    if not rim.any():
        return 0.0
    inner = (
        np.stack(
            [
                box_filter(np.where(interior, reduced[..., c], 0).astype(np.float32), INTERIOR_BLUR_PIXELS)[rim]
                for c in range(3)
            ],
            -1,
        )
        / weight[rim][:, None]
    )
    outer = reduced[rim].astype(np.float32)
    inner_light, outer_light = inner.mean(1, keepdims=True), outer.mean(1, keepdims=True)
    coverage = np.clip((255 - outer_light) / np.maximum(255 - inner_light, 1), 0, 1)
    difference = (outer - outer_light) - coverage * (inner - inner_light)
    return float(np.linalg.norm(difference.mean(0)))


def _measure_edge_width(pixels: NDArray[np.uint8]) -> float | None:
    """The width in pixels of the sharpest of all strong edges, along rows and columns: contrast by steepest step."""
    widths = np.concatenate([_edge_widths(pixels), _edge_widths(pixels.transpose(1, 0, 2))])
    return float(np.quantile(widths, SHARPEST_EDGES_QUANTILE)) if len(widths) >= MIN_EDGE_COUNT else None


def _edge_widths(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Widths of the strong edges along some of the rows."""
    lines = pixels[:: max(1, len(pixels) // MAX_LINES)].mean(2, dtype=np.float32)
    side = 2 * EDGE_WINDOW_PIXELS + 1
    if lines.shape[1] <= side:
        return np.empty(0, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(lines, side, axis=1)
    contrast = (windows.max(2) - windows.min(2))[:, :-1]
    steps = np.abs(np.diff(lines, axis=1))[:, EDGE_WINDOW_PIXELS : EDGE_WINDOW_PIXELS + contrast.shape[1]]
    steepest = np.lib.stride_tricks.sliding_window_view(np.pad(steps, ((0, 0), (2, 2))), 5, axis=1).max(2)
    edges = (steps >= np.maximum(steepest, 1)) & (contrast >= MIN_EDGE_CONTRAST_LEVELS)
    widths: NDArray[np.float32] = contrast[edges] / steps[edges]
    return widths
