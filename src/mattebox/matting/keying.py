"""Mattes without a network: by a screen's colour, by brightness, or by a picture of the empty scene (a clean plate).

A rough alpha on a reduced grid (Vlahos's colour difference; difference to the plate) tells sure subject from sure
background; their local colours, by blur fusion, tell how far each pixel of the edge lies between the two. All in the
picture's own encoded values, tile by tile. Knows nothing of networks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core import cpu_threads
from mattebox.core.connected_components import dilate, label_components
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
from mattebox.matting.colour_refinement import finalise_matte
from mattebox.matting.foreground import grid_step
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats, Matte, OpenImage, Picture, Pixels

Mask = NDArray[np.bool_]

LEVELS_BY_TOLERANCE = {
    "tight": (0.0, 0.85),
    "normal": (0.05, 0.95),
    "loose": (0.2, 1.0),
}  # shares taken for none and for all
PLATE_THRESHOLD_BY_TOLERANCE = {
    "tight": 0.06,
    "normal": 0.12,
    "loose": 0.24,
}  # from a plate, of the full range: surely subject
COLOUR_ITERATIONS = 2  # of estimating colours and alpha in turn
EDGE_BAND_CELLS = 6  # cells of the grid around a background in which an edge may lie
KNOWN_FOREGROUND_ALPHA = 0.9  # rough alpha this near to all or nothing is sure
MIN_SUBJECT_SHARE = 0.0005  # of the picture is subject, and of background, or nothing is found
MIN_CONTRAST = 0.1  # of the full range: with less contrast brightness tells nothing
LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
CHUNK_ROWS = 256  # treated at a time


@dataclass(frozen=True)
class KeyingMethod:
    """`screen` with its sRGB colour or none, `luma`, or `plate` with its path."""

    kind: str
    argument: str = ""


def parse_keying_method(text: str) -> KeyingMethod | None:
    """None for the network. UsageError."""
    found = re.fullmatch(r"(network|screen|luma|plate)\s*(?:\((.*)\))?", text.strip())
    if not found or (found[1] in ("network", "luma") and found[2]) or (found[1] == "plate" and not found[2]):
        raise UsageError(f"{text!r} tells no way to cut", "give network, screen, screen(#00b140), luma or plate(FILE)")
    key = KeyingMethod(found[1], (found[2] or "").strip())
    if key.kind == "screen" and key.argument:
        screen_from_colour(np.array(_parse_screen_colour(key.argument)) / 255)
    return None if key.kind == "network" else key


def resolve_screen(picture: Picture, method: KeyingMethod) -> ChromaScreen:
    """The screen's colour in the picture's encoding: as given, or found along its border. UsageError."""
    if not method.argument:
        return detect_screen(_guide_image(picture.rgb, grid_step(picture.shape)))
    return screen_from_colour(
        np.array(colour.colour_from_srgb(_parse_screen_colour(method.argument), picture.profile)) / 255
    )


def compute_key_matte(picture: Picture, method: KeyingMethod, tolerance: str, open_image: OpenImage) -> Matte:
    """The matte at the picture's size and depth. `tolerance` is tight (what is doubtful stays), normal or loose;
    `open_image` opens the plate. UsageError, InputError."""
    if method.kind == "luma":
        return _matte_from_alpha(picture, _key_by_luma(picture, tolerance))
    step = grid_step(picture.shape)
    guide = _guide_image(picture.rgb, step)
    plate = None
    if method.kind == "plate":
        plate = _convert_plate(open_image(method.argument), picture, method.argument)
        apart = np.abs(guide - _guide_image(plate, step)).max(axis=2) / PLATE_THRESHOLD_BY_TOLERANCE[tolerance]
        rough = ((apart - 0.25) / 0.75).clip(0, 1)
    else:
        screen = resolve_screen(picture, method)
        whole = colour_difference(np.array(screen.colour, np.float32), screen.channel)
        rough = _stretch_levels(1 - colour_difference(guide, screen.channel) / whole, tolerance)
    return _matte_from_alpha(
        picture, _refine_edges(picture, guide, _fill_enclosed_areas(rough.astype(np.float32)), plate, tolerance)
    )


def _fill_enclosed_areas(rough_alpha: Floats) -> Floats:
    """The rough alpha with all places full that are but tinted, as a shirt or an eye: they nowhere reach the screen."""
    open_, surely = rough_alpha < KNOWN_FOREGROUND_ALPHA, rough_alpha < 1 - KNOWN_FOREGROUND_ALPHA
    labels, parts = label_components(open_)
    reached = np.zeros(len(parts) + 1, np.bool_)
    reached[np.unique(labels[surely])] = True
    return np.where(open_ & ~reached[labels], np.float32(1), rough_alpha)


def _refine_edges(picture: Picture, guide: Floats, rough_alpha: Floats, plate: Pixels | None, tolerance: str) -> Pixels:
    """Alpha at full size: settled as the rough one on the grid says, and along edges by the colours of both sides."""
    step, peak = grid_step(picture.shape), picture.bit_depth.peak
    band = dilate(rough_alpha < KNOWN_FOREGROUND_ALPHA, EDGE_BAND_CELLS) & dilate(
        rough_alpha > 1 - KNOWN_FOREGROUND_ALPHA, EDGE_BAND_CELLS
    )
    planes = tiles.pad_grid_planes(_estimate_colours(guide, rough_alpha, band, tolerance))
    settled = (np.round(rough_alpha) * peak).astype(picture.bit_depth.dtype)
    alpha = _expand_cells(settled, step, picture.shape).copy()

    def project(tile: tiles.Tile) -> None:
        given = {"tile": tiles.tile_pixels(picture.rgb, tile, peak), "patch": tiles.grid_patch(planes, tile)}
        if plate is not None:
            given["plate"] = tiles.tile_pixels(plate, tile, peak)
        share = onnx_runtime.run_kernel("project" if plate is None else "project_plate", threads=1, **given)
        part = alpha[tile.rows, tile.columns]
        found = np.rint(_stretch_levels(share[: part.shape[0], : part.shape[1]], tolerance) * peak).astype(part.dtype)
        np.copyto(part, found, where=_expand_cells(_tile_cells(band, tile), step, part.shape))

    cpu_threads.parallel_map(project, [t for t in tiles.iter_tiles(picture.shape, step) if _tile_cells(band, t).any()])
    return alpha


def _estimate_colours(guide: Floats, rough_alpha: Floats, band: Mask, tolerance: str) -> Floats:
    """6 x h x w: the subject's and the background's colours near each cell, found in turn with alpha."""
    small, alpha = np.ascontiguousarray(guide.transpose(2, 0, 1)[None]), rough_alpha
    for i in range(COLOUR_ITERATIONS):
        planes: Floats = onnx_runtime.run_kernel("fuse", guide=small, alpha=np.ascontiguousarray(alpha[None, None]))[0]
        if i == COLOUR_ITERATIONS - 1:
            return planes
        front, back = planes[:3].transpose(1, 2, 0), planes[3:].transpose(1, 2, 0)
        way = front - back
        share = ((guide - back) * way).sum(axis=2) / np.maximum(np.square(way).sum(axis=2), 1e-4)
        alpha = np.where(band, _stretch_levels(share, tolerance), np.round(rough_alpha)).astype(np.float32)
    raise AssertionError("there is a last round")


def _key_by_luma(picture: Picture, tolerance: str) -> Pixels:
    """Alpha at full size: how far each pixel's brightness lies from the border's to the farthest there is."""
    guide = _guide_image(picture.rgb, grid_step(picture.shape)) @ LUMA_WEIGHTS
    ground = float(np.median(border_pixels(guide[..., None])))
    apart = guide - ground
    farthest = float(np.quantile(apart, 0.995 if ground < 0.5 else 0.005))
    if abs(farthest) < MIN_CONTRAST:
        raise UsageError("the photograph is of one brightness", "cut with --by network, screen or plate(FILE)")
    alpha = np.empty(picture.shape, picture.bit_depth.dtype)
    for top in range(0, len(alpha), CHUNK_ROWS):
        light = (
            picture.rgb[top : top + CHUNK_ROWS].astype(np.float32) @ LUMA_WEIGHTS / np.float32(picture.bit_depth.peak)
        )
        alpha[top : top + CHUNK_ROWS] = np.rint(
            _stretch_levels((light - ground) / farthest, tolerance) * picture.bit_depth.peak
        )
    return alpha


def _matte_from_alpha(picture: Picture, alpha: Pixels) -> Matte:
    """The matte, with nothing found when there is next to nothing of it, or all."""
    share = float((alpha > picture.bit_depth.peak // 2).mean())
    found = MIN_SUBJECT_SHARE < share < 1 - MIN_SUBJECT_SHARE
    whole = (0, 0, picture.shape[1], picture.shape[0])
    return finalise_matte(picture, Matte(alpha, 1.0 if found else 0.0, found, whole), alpha)


def _stretch_levels(alpha: Floats, tolerance: str) -> Floats:
    low, high = LEVELS_BY_TOLERANCE[tolerance]
    return ((alpha - np.float32(low)) / np.float32(high - low)).clip(0, 1)


def _guide_image(rgb: Pixels, step: int) -> Floats:
    return resampling.average_blocks(rgb, step).astype(np.float32) / np.float32(255)


def _convert_plate(plate: Picture, picture: Picture, path: str) -> Pixels:
    """The plate's pixels in the picture's encoding. UsageError when it is of another size."""
    if plate.shape != picture.shape:
        told = " x ".join(map(str, plate.shape[::-1])), " x ".join(map(str, picture.shape[::-1]))
        raise UsageError(f"the plate {path} is {told[0]}, the picture {told[1]}", "take both from the same place")
    if plate.bit_depth == picture.bit_depth and plate.profile == picture.profile:
        return plate.rgb
    return colour.pixels_from_srgb(
        colour.to_srgb(resampling.to_eight_bit(plate.rgb), plate.profile), picture.profile, picture.bit_depth
    )


def _tile_cells(band: Mask, tile: tiles.Tile) -> Mask:
    """The cells of a tile, without its rim."""
    rows, columns = tile.grid_rows, tile.grid_columns
    return band[rows.start : rows.stop - 2, columns.start : columns.stop - 2]


def _expand_cells(plane: NDArray[Any], step: int, size: tuple[int, ...]) -> NDArray[Any]:
    """A plane of cells at full size."""
    return np.repeat(np.repeat(plane, step, 0), step, 1)[: size[0], : size[1]]


def _parse_screen_colour(text: str) -> colour.RgbColour:
    found = colour.parse_colour(text)
    if found is None:
        raise UsageError(f"the screen's colour {text!r} is no opaque colour", "give one such as #00b140")
    return found
