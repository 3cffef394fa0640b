"""The blur of a lens that follows depth: what lies in the plane of focus stays, all else spreads into the aperture.

The radius of a thin lens's circle of confusion is proportional to the difference of inverse depths (Potmesil and
Chakravarty 1981). The picture is split into levels of equal radius, which are blurred in linear light and laid over
each other from back to front; each level is blurred together with its coverage, so that nothing of what is hidden or
outside the frame bleeds in. Wide levels are blurred on reduced grids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mattebox.core.block_means import enlarge_blocks, mean_blocks
from mattebox.core.cpu_threads import parallel_map
from mattebox.core.smoothing_filters import box_filter
from mattebox.core.strips import iter_strips
from mattebox.lens.hole_filling import fill_unknown
from mattebox.lens.overlaid_levels import SHARP_RADIUS_PIXELS, GetLight, Level, OverlaidLevels, level_of_weights
from mattebox.types import Floats, Mask, Pixels

SEEN_GRID_RADIUS = 6  # largest radius on the grid on which it is estimated what is seen behind near things
EMPTY_WEIGHT = 1 / 1024  # pixels that have less of a level do not make it one


@dataclass(frozen=True)
class Lens:
    """What the blur looks like.

    Attributes
    ----------
    radius : float
        Of the circle of confusion where the nearness differs by 1 from the focus, in pixels.
    focus : float
        Nearness in focus, 0..1.
    shape : str
        Of the aperture; see `aperture`.
    highlights : float
        How much brighter than the photograph says its brightest parts are taken to be, 0..1 (exclusive).
    grain : float
        Standard deviation of the noise that is put back where the blur has taken it, in encoded values 0..1.
    """

    radius: float
    focus: float
    shape: str = "disc"
    highlights: float = 0.0
    grain: float = 0.0


class BlurredLight(NamedTuple):
    """Light, (H, W, 3), and how much of each pixel is the untouched original, (H, W), 0..1."""

    light: Floats
    sharp_share: Floats


def blur_light(light: Floats, nearness: Floats, lens: Lens) -> BlurredLight:
    """Blur a picture without a subject in front of it.

    Parameters
    ----------
    light : (H, W, 3) float32
        Linear light, 0..1.
    nearness : (H, W) float32
        0 (farthest) to 1 (nearest).
    lens : Lens
        Its focus lies on the same scale as `nearness`.

    Returns
    -------
    BlurredLight
        Light where the share is 1 equals the input.
    """
    return blur_by_radii(light, signed_radii(nearness, lens), lens)


def signed_radii(nearness: Floats, lens: Lens, out: Floats | None = None) -> Floats:
    """Radii of the circles of confusion, in pixels: above 0 behind the plane of focus, below 0 before it."""
    radii: Floats = np.subtract(np.float32(lens.focus), nearness, out=out)
    radii *= np.float32(lens.radius)
    return radii


def blur_by_radii(light: Floats, radii: Floats, lens: Lens) -> BlurredLight:
    """The same as `blur_light`, by `signed_radii`, whose array is used up."""
    sharp = _triangle_weights(np.abs(radii), 0.0, 0.0, _level_radii(lens.radius)[0])
    planes = np.ascontiguousarray(np.moveaxis(light, 2, 0))  # no copy where they lie in memory like that
    layers = OverlaidLevels(lambda region: planes[:, *region], radii.shape, lens.shape, lens.highlights)
    for level in _levels(radii, lens.radius):
        layers.lay_over(level)
    layers.lay_over(level_of_weights(0.0, sharp))
    np.negative(radii, out=radii)
    if radii.max() > SHARP_RADIUS_PIXELS:
        layers.fill_hidden(_seen_behind(radii), fill_unknown)
    for level in _levels(radii, lens.radius, is_widest_first=False):
        layers.lay_over(level, uncovered=sharp)
    return BlurredLight(_as_picture(layers.light()), sharp)


def blur_layer(get_light: GetLight, alpha: Floats | Pixels, radius: float, lens: Lens) -> BlurredLight:
    """Blur a layer as a whole, such as a subject out of focus.

    Parameters
    ----------
    get_light : callable
        Gives linear light of regions, straight.
    alpha : (H, W) float32, uint8 or uint16
        Coverage, 0..1, or up to the dtype's peak.
    radius : float
        Of its circle of confusion, in pixels.
    lens : Lens
        Shape and highlights.

    Returns
    -------
    BlurredLight
        Premultiplied light, and the layer's coverage in place of the share.
    """
    layers = OverlaidLevels(get_light, alpha.shape, lens.shape, lens.highlights)
    layers.lay_over(level_of_weights(radius, alpha))
    blurred = layers.light()
    blurred *= layers.coverage
    return BlurredLight(_as_picture(blurred), layers.coverage)


def _seen_behind(radii: Floats) -> Floats:
    """How much of what lies behind the nearest pixels is seen through their blur, (H, W), 0..1.

    `radii` are above 0 before the plane of focus. A pixel on the rim of something near, or of something thin, is spread
    so widely that what is behind it shows; one inside hides it.
    """
    factor = max(1, int(float(radii.max()) / SEEN_GRID_RADIUS))
    own = mean_blocks(radii[None], factor)[0]
    behind = mean_blocks((radii <= SHARP_RADIUS_PIXELS).astype(np.float32)[None], factor)[0]
    seen: Floats = np.zeros_like(own)
    for reach in range(1, SEEN_GRID_RADIUS + 1):
        widest = own + behind * reach * factor  # a block that is partly behind is as wide as its near part, at most
        seen = np.where(widest >= (reach - 0.5) * factor, 2 * box_filter(behind, reach), seen)
    seen = np.clip(seen, 0, 1).astype(np.float32)
    enlarged: Floats = enlarge_blocks(seen[None], factor, (radii.shape[0], radii.shape[1]))[0]
    enlarged *= np.clip(radii * np.float32(1 / (2 * factor)), 0, 1)
    return enlarged


def _as_picture(planes: Floats) -> Floats:
    return np.moveaxis(planes, 0, 2)


def _level_radii(largest: float) -> list[float]:
    """Radii of the levels, in pixels: 1, 2, 3, 4, 6, 8, 12, 16 ... up to the largest."""
    radii, step = [1.0], 1.0
    while radii[-1] < largest:
        radii.append(radii[-1] + step)
        step = 2.0 ** max(0, int(np.log2(radii[-1])) - 1)
    return [*radii[:-1], max(1.0, largest)] if len(radii) > 1 else radii


def _levels(radii: Floats, largest: float, *, is_widest_first: bool = True) -> Iterator[Level]:
    """Levels of the pixels with positive radii; a pixel between two levels belongs to both in part."""
    bounds, lowest, highest = [0.0, *_level_radii(largest)], float(radii.min()), float(radii.max())
    indices = range(1, len(bounds))
    for index in reversed(indices) if is_widest_first else indices:
        before, middle = bounds[index - 1], bounds[index]
        following = bounds[index + 1] if index + 1 < len(bounds) else None
        if highest <= before or (following is not None and lowest >= following):
            continue
        level = _level_of_radii(radii, before, middle, following)
        if level.has_rows.any():
            yield level


def _level_of_radii(radii: Floats, before: float, middle: float, following: float | None) -> Level:
    """The level of the pixels whose radii lie between its neighbours'; pixels with hardly any share do not count."""
    first = max(before, SHARP_RADIUS_PIXELS)
    lowest = first + EMPTY_WEIGHT * (middle - first)
    highest = np.inf if following is None else following - EMPTY_WEIGHT * (following - middle)

    def find(rows: slice) -> tuple[Mask, Mask]:
        is_between: Any = (radii[rows] > lowest) & (radii[rows] < highest)
        return is_between.any(1), is_between.any(0)

    found = parallel_map(find, list(iter_strips(len(radii))))
    has_rows, has_columns = (
        np.concatenate([rows for rows, _ in found]),
        np.any([columns for _, columns in found], axis=0),
    )
    return Level(
        middle, lambda region: _triangle_weights(radii[region], before, middle, following), has_rows, has_columns
    )


def _triangle_weights(radii: Floats, before: float, middle: float, following: float | None) -> Floats:
    """1 at `middle`, 0 at its neighbours; the smallest level begins where a pixel is no longer sharp."""
    weights: Floats = np.ones_like(radii)
    if middle != before:
        first = max(before, SHARP_RADIUS_PIXELS)
        np.subtract(radii, np.float32(first), out=weights)
        weights *= np.float32(1 / (middle - first))
    if following is not None:
        start = max(middle, SHARP_RADIUS_PIXELS)
        falling = np.float32(following) - radii
        falling *= np.float32(1 / (following - start))
        np.minimum(weights, falling, out=weights)
    return np.clip(weights, 0, 1, out=weights)
