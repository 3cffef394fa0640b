"""Keying: mattes without a network, by a screen's colour, by brightness, or by difference to a clean plate.

A coarse alpha on a reduced grid (Vlahos's colour difference, or the difference to a picture of the empty scene)
separates certain subject from certain background. Their local colours, by blur fusion, then give the position of each
edge pixel between the two. Works on the picture's own encoded values, tile by tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core import cpu_threads
from mattebox.core.channel_extremes import largest_channel
from mattebox.core.connected_components import dilate, label_components
from mattebox.core.interface import name_image, name_parameter
from mattebox.errors import UsageError
from mattebox.io import colour, resampling
from mattebox.matting import tiles
from mattebox.matting.chroma_screen import (
    ChromaScreen,
    border_pixels,
    colour_difference,
    detect_screen,
    screen_from_colour,
)
from mattebox.matting.foreground import fuse_colours, grid_step
from mattebox.matting.keying_method import KeyingMethod, parse_screen_colour
from mattebox.matting.mask_validation import check_same_size
from mattebox.matting.matte_operations import finalise_matte, guide_image, stretch_levels
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats, Mask, Matte, OpenImage, Picture, Pixels

LEVELS_BY_TOLERANCE = {"tight": (0.0, 0.85), "normal": (0.05, 0.95), "loose": (0.2, 1.0)}  # black and white point
PLATE_THRESHOLD_BY_TOLERANCE = {"tight": 0.06, "normal": 0.12, "loose": 0.24}  # difference from the plate: subject
PLATE_NOISE_SHARE = 0.25  # of that threshold: smaller differences are background
COLOUR_ITERATIONS = 2  # of estimating colours and alpha in turn
EDGE_BAND_CELLS = 6  # cells of the grid around certain background in which an edge may lie
KNOWN_FOREGROUND_ALPHA = 0.9  # coarse alpha above is certain foreground, below 1 - this certain background
MIN_SUBJECT_SHARE = 0.0005  # of the picture, for subject and for background; with less, nothing is found
MIN_CONTRAST = 0.1  # of the full range: with less, brightness does not separate anything
LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709, of encoded values
CHUNK_ROWS = 256  # rows processed at a time


def resolve_screen(picture: Picture, method: KeyingMethod) -> ChromaScreen:
    """The screen in the picture's encoding: of the method's colour, or detected along the border. UsageError."""
    if not method.argument:
        return detect_screen(guide_image(picture.rgb, grid_step(picture.shape)))
    encoded = colour.colour_from_srgb(parse_screen_colour(method.argument), picture.profile)
    return screen_from_colour(np.array(encoded) / 255)


class LumaRange(NamedTuple):
    """Brightness of the background, 0..1, and the difference of the subject's from it."""

    background: float
    difference: float


@dataclass(frozen=True, eq=False)
class ResolvedKey:
    """What pictures are compared with: one of a screen, a plate and a range of brightness, found in a picture or given.

    It holds for further pictures of the same profile, such as the frames of a clip.
    """

    screen: ChromaScreen | None = None
    plate: Picture | None = None
    plate_path: str = ""
    luma: LumaRange | None = None


def compute_key_matte(picture: Picture, method: KeyingMethod, tolerance: str, open_image: OpenImage) -> Matte:
    """Compute a matte by keying.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth.
    method : KeyingMethod
        By screen, luma or plate.
    tolerance : {"tight", "normal", "loose"}
        How different from the background a pixel must be to be subject: tight keeps doubtful pixels, loose removes
        them.
    open_image : OpenImage
        Opens the plate.

    Returns
    -------
    Matte
        At the picture's size and bit depth, with confidence 1, or 0 when (almost) nothing or everything is subject.

    Raises
    ------
    UsageError, InputError
        When there is no screen or no contrast, or the plate cannot be used.
    """
    return apply_key(picture, resolve_key(picture, method, open_image), tolerance)


def resolve_key(picture: Picture, method: KeyingMethod, open_image: OpenImage) -> ResolvedKey:
    """What the method compares a picture with; errors as for `compute_key_matte`."""
    if method.kind == "luma":
        return ResolvedKey(luma=_find_luma_range(picture))
    if method.kind == "plate":
        return ResolvedKey(plate=open_image(method.argument), plate_path=method.argument)
    return ResolvedKey(screen=resolve_screen(picture, method))


def apply_key(picture: Picture, key: ResolvedKey, tolerance: str) -> Matte:
    """The matte of a picture by a key; parameters and errors as for `compute_key_matte`."""
    if key.luma is not None:
        return _matte_from_alpha(picture, _key_by_luma(picture, key.luma, tolerance))
    step = grid_step(picture.shape)
    guide = guide_image(picture.rgb, step)
    plate = None
    if key.plate is not None:
        plate = _convert_plate(key.plate, picture, key.plate_path)
        threshold = PLATE_THRESHOLD_BY_TOLERANCE[tolerance]
        difference = largest_channel(np.abs(guide - guide_image(plate, step))) / threshold
        coarse = stretch_levels(difference, PLATE_NOISE_SHARE, 1)
    else:
        assert key.screen is not None
        full_difference = colour_difference(np.array(key.screen.colour, np.float32), key.screen.channels)
        screen_share = colour_difference(guide, key.screen.channels) / full_difference
        coarse = stretch_levels(1 - screen_share, *LEVELS_BY_TOLERANCE[tolerance])
    coarse = _fill_enclosed_areas(coarse.astype(np.float32))
    return _matte_from_alpha(picture, _refine_edges(picture, guide, coarse, plate, tolerance))


def _fill_enclosed_areas(coarse_alpha: Floats) -> Floats:
    """The coarse alpha with areas filled that are tinted like the screen but not connected to it, such as an eye."""
    is_open = coarse_alpha < KNOWN_FOREGROUND_ALPHA
    is_background = coarse_alpha < 1 - KNOWN_FOREGROUND_ALPHA
    labels, components = label_components(is_open)
    reaches_background = np.zeros(len(components) + 1, np.bool_)
    reaches_background[np.unique(labels[is_background])] = True
    return np.where(is_open & ~reaches_background[labels], np.float32(1), coarse_alpha)


def _refine_edges(
    picture: Picture, guide: Floats, coarse_alpha: Floats, plate: Pixels | None, tolerance: str
) -> Pixels:
    """Alpha at full size: by the colours of both sides along edges, the rounded coarse alpha elsewhere."""
    step, peak = grid_step(picture.shape), picture.bit_depth.peak
    near_background = dilate(coarse_alpha < KNOWN_FOREGROUND_ALPHA, EDGE_BAND_CELLS)
    near_foreground = dilate(coarse_alpha > 1 - KNOWN_FOREGROUND_ALPHA, EDGE_BAND_CELLS)
    band = near_background & near_foreground
    colours = tiles.pad_grid_planes(_estimate_grid_colours(guide, coarse_alpha, band, tolerance))
    rounded = (np.round(coarse_alpha) * peak).astype(picture.bit_depth.dtype)
    alpha = _expand_cells(rounded, step, picture.shape).copy()

    def project_tile(tile: tiles.Tile) -> None:
        feeds = {"tile": tiles.tile_pixels(picture.rgb, tile, peak), "patch": tiles.grid_patch(colours, tile)}
        if plate is not None:
            feeds["plate"] = tiles.tile_pixels(plate, tile, peak)
        share = onnx_runtime.run_kernel("project" if plate is None else "project_plate", threads=1, **feeds)
        target = alpha[tile.rows, tile.columns]
        levels = stretch_levels(share[: target.shape[0], : target.shape[1]], *LEVELS_BY_TOLERANCE[tolerance])
        in_band = _expand_cells(_tile_cells(band, tile), step, target.shape)
        np.copyto(target, np.rint(levels * peak).astype(target.dtype), where=in_band)

    band_tiles = [t for t in tiles.iter_tiles(picture.shape, step) if _tile_cells(band, t).any()]
    cpu_threads.parallel_map(project_tile, band_tiles)
    return alpha


def _estimate_grid_colours(guide: Floats, coarse_alpha: Floats, band: Mask, tolerance: str) -> Floats:
    """6 x h x w: foreground and background colours near each cell, estimated in turn with alpha in the band."""
    planes = fuse_colours(guide, coarse_alpha)
    for _ in range(COLOUR_ITERATIONS - 1):
        foreground, background = planes[:3].transpose(1, 2, 0), planes[3:].transpose(1, 2, 0)
        axis = foreground - background
        share = ((guide - background) * axis).sum(axis=2) / np.maximum(np.square(axis).sum(axis=2), 1e-4)
        levels = stretch_levels(share, *LEVELS_BY_TOLERANCE[tolerance])
        planes = fuse_colours(guide, np.where(band, levels, np.round(coarse_alpha)).astype(np.float32))
    return planes


def _find_luma_range(picture: Picture) -> LumaRange:
    """The brightness of the border, and the largest difference from it. UsageError without contrast."""
    guide = guide_image(picture.rgb, grid_step(picture.shape)) @ LUMA_WEIGHTS
    background = float(np.median(border_pixels(guide[..., None])))
    largest = float(np.quantile(guide - background, 0.995 if background < 0.5 else 0.005))
    if abs(largest) < MIN_CONTRAST:
        raise UsageError(
            "the photograph has the same brightness everywhere",
            f"cut with {name_parameter('by', 'network')}, screen or plate(FILE)",
        )
    return LumaRange(background, largest)


def _key_by_luma(picture: Picture, luma_range: LumaRange, tolerance: str) -> Pixels:
    """Alpha at full size: the difference of each pixel's brightness from the background's, relative to the largest."""
    background, largest = luma_range
    alpha, peak = np.empty(picture.shape, picture.bit_depth.dtype), picture.bit_depth.peak
    for top in range(0, len(alpha), CHUNK_ROWS):
        rows = slice(top, top + CHUNK_ROWS)
        luma = picture.rgb[rows].astype(np.float32) @ LUMA_WEIGHTS / np.float32(peak)
        alpha[rows] = np.rint(stretch_levels((luma - background) / largest, *LEVELS_BY_TOLERANCE[tolerance]) * peak)
    return alpha


def _matte_from_alpha(picture: Picture, alpha: Pixels) -> Matte:
    """The matte of an alpha; nothing is found when next to nothing, or next to everything, is subject."""
    share = float((alpha > picture.bit_depth.peak // 2).mean())
    found = MIN_SUBJECT_SHARE < share < 1 - MIN_SUBJECT_SHARE
    return finalise_matte(picture, Matte(alpha, 1.0 if found else 0.0, found, (0, 0, *picture.size)), alpha)


def _convert_plate(plate: Picture, picture: Picture, path: str) -> Pixels:
    """The plate's pixels in the picture's encoding. UsageError when it is of another size."""
    check_same_size(plate, picture, name_image("plate", path), "take both from the same place")
    if plate.bit_depth == picture.bit_depth and plate.profile == picture.profile:
        return plate.rgb
    srgb = colour.to_srgb(resampling.to_eight_bit(plate.rgb), plate.profile)
    return colour.pixels_from_srgb(srgb, picture.profile, picture.bit_depth)


def _tile_cells(band: Mask, tile: tiles.Tile) -> Mask:
    """The cells of a tile, without its margin."""
    rows, columns = tile.grid_rows, tile.grid_columns
    return band[rows.start : rows.stop - 2, columns.start : columns.stop - 2]


def _expand_cells(plane: NDArray[Any], step: int, size: tuple[int, ...]) -> NDArray[Any]:
    """A plane of cells at full size."""
    return np.repeat(np.repeat(plane, step, 0), step, 1)[: size[0], : size[1]]
