"""Mattes without a network: by a screen's colour, by brightness, or by a picture of the empty scene (a clean plate).

A rough alpha on a reduced grid (Vlahos's colour difference; difference to the plate) tells sure subject from sure
background; their local colours, by blur fusion, tell how far each pixel of the edge lies between the two. All in the
picture's own encoded values, tile by tile. Knows nothing of networks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core import cpu_threads
from mattebox.core.connected_components import components, grown
from mattebox.errors import UsageError
from mattebox.io import colour, resampling
from mattebox.matting import tiles
from mattebox.matting.chroma_screen import Screen, border, difference, found_screen, screen_of
from mattebox.matting.colour_refinement import finish
from mattebox.matting.foreground import grid_step
from mattebox.models.runtime import onnx_runtime
from mattebox.types import Floats, Matte, Picture, Pixels

Mask = NDArray[np.bool_]
Album = Callable[[str], Picture]

LEVELS = {"tight": (0.0, 0.85), "normal": (0.05, 0.95), "loose": (0.2, 1.0)}  # shares taken for none and for all
DIFFERENT = {"tight": 0.06, "normal": 0.12, "loose": 0.24}  # from a plate, of the full range: surely subject
ROUNDS = 2  # of estimating colours and alpha in turn
BAND = 6  # cells of the grid around a background in which an edge may lie
SURE = 0.9  # rough alpha this near to all or nothing is sure
LEAST = 0.0005  # of the picture is subject, and of background, or nothing is found
PLAIN = 0.1  # of the full range: with less contrast brightness tells nothing
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
ROWS = 256  # treated at a time


@dataclass(frozen=True)
class Key:
    """`screen` with its sRGB colour or none, `luma`, or `plate` with its path."""

    kind: str
    detail: str = ""


def parse(text: str) -> Key | None:
    """None for the network. UsageError."""
    found = re.fullmatch(r"(network|screen|luma|plate)\s*(?:\((.*)\))?", text.strip())
    if not found or (found[1] in ("network", "luma") and found[2]) or (found[1] == "plate" and not found[2]):
        raise UsageError(f"{text!r} tells no way to cut", "give network, screen, screen(#00b140), luma or plate(FILE)")
    key = Key(found[1], (found[2] or "").strip())
    if key.kind == "screen" and key.detail:
        screen_of(np.array(_colour(key.detail)) / 255)
    return None if key.kind == "network" else key


def screen_in(picture: Picture, key: Key) -> Screen:
    """The screen's colour in the picture's encoding: as given, or found along its border. UsageError."""
    if not key.detail:
        return found_screen(_guide(picture.rgb, grid_step(picture.size)))
    return screen_of(np.array(colour.from_srgb(_colour(key.detail), picture.profile)) / 255)


def keyed(picture: Picture, key: Key, tolerance: str, album: Album) -> Matte:
    """The matte at the picture's size and depth. `tolerance` is tight (what is doubtful stays), normal or loose;
    `album` opens the plate. UsageError, InputError."""
    if key.kind == "luma":
        return _judged(picture, _by_brightness(picture, tolerance))
    step = grid_step(picture.size)
    guide = _guide(picture.rgb, step)
    plate = None
    if key.kind == "plate":
        plate = _plate(album(key.detail), picture, key.detail)
        apart = np.abs(guide - _guide(plate, step)).max(axis=2) / DIFFERENT[tolerance]
        rough = ((apart - 0.25) / 0.75).clip(0, 1)
    else:
        screen = screen_in(picture, key)
        whole = difference(np.array(screen.colour, np.float32), screen.channel)
        rough = _levelled(1 - difference(guide, screen.channel) / whole, tolerance)
    return _judged(picture, _edged(picture, guide, _filled(rough.astype(np.float32)), plate, tolerance))


def _filled(rough: Floats) -> Floats:
    """The rough alpha with all places full that are but tinted, as a shirt or an eye: they nowhere reach the screen."""
    open_, surely = rough < SURE, rough < 1 - SURE
    labels, parts = components(open_)
    reached = np.zeros(len(parts) + 1, np.bool_)
    reached[np.unique(labels[surely])] = True
    return np.where(open_ & ~reached[labels], np.float32(1), rough)


def _edged(picture: Picture, guide: Floats, rough: Floats, plate: Pixels | None, tolerance: str) -> Pixels:
    """Alpha at full size: settled as the rough one on the grid says, and along edges by the colours of both sides."""
    step, peak = grid_step(picture.size), picture.depth.peak
    band = grown(rough < SURE, BAND) & grown(rough > 1 - SURE, BAND)
    planes = tiles.rimmed(_colours(guide, rough, band, tolerance))
    settled = (np.round(rough) * peak).astype(picture.depth.dtype)
    alpha = _cells(settled, step, picture.size).copy()

    def project(tile: tiles.Tile) -> None:
        given = {"tile": tiles.whole_cells(picture.rgb, tile, peak), "patch": tiles.patch_of(planes, tile)}
        if plate is not None:
            given["plate"] = tiles.whole_cells(plate, tile, peak)
        share = onnx_runtime.apply("project" if plate is None else "project_plate", threads=1, **given)
        part = alpha[tile.rows, tile.columns]
        found = np.rint(_levelled(share[: part.shape[0], : part.shape[1]], tolerance) * peak).astype(part.dtype)
        np.copyto(part, found, where=_cells(_under(band, tile), step, part.shape))

    cpu_threads.side_by_side(project, [t for t in tiles.tiles(picture.size, step) if _under(band, t).any()])
    return alpha


def _colours(guide: Floats, rough: Floats, band: Mask, tolerance: str) -> Floats:
    """6 x h x w: the subject's and the background's colours near each cell, found in turn with alpha."""
    small, alpha = np.ascontiguousarray(guide.transpose(2, 0, 1)[None]), rough
    for i in range(ROUNDS):
        planes: Floats = onnx_runtime.apply("fuse", guide=small, alpha=np.ascontiguousarray(alpha[None, None]))[0]
        if i == ROUNDS - 1:
            return planes
        front, back = planes[:3].transpose(1, 2, 0), planes[3:].transpose(1, 2, 0)
        way = front - back
        share = ((guide - back) * way).sum(axis=2) / np.maximum(np.square(way).sum(axis=2), 1e-4)
        alpha = np.where(band, _levelled(share, tolerance), np.round(rough)).astype(np.float32)
    raise AssertionError("there is a last round")


def _by_brightness(picture: Picture, tolerance: str) -> Pixels:
    """Alpha at full size: how far each pixel's brightness lies from the border's to the farthest there is."""
    guide = _guide(picture.rgb, grid_step(picture.size)) @ LUMA
    ground = float(np.median(border(guide[..., None])))
    apart = guide - ground
    farthest = float(np.quantile(apart, 0.995 if ground < 0.5 else 0.005))
    if abs(farthest) < PLAIN:
        raise UsageError("the photograph is of one brightness", "cut with --by network, screen or plate(FILE)")
    alpha = np.empty(picture.size, picture.depth.dtype)
    for top in range(0, len(alpha), ROWS):
        light = picture.rgb[top : top + ROWS].astype(np.float32) @ LUMA / np.float32(picture.depth.peak)
        alpha[top : top + ROWS] = np.rint(_levelled((light - ground) / farthest, tolerance) * picture.depth.peak)
    return alpha


def _judged(picture: Picture, alpha: Pixels) -> Matte:
    """The matte, with nothing found when there is next to nothing of it, or all."""
    share = float((alpha > picture.depth.peak // 2).mean())
    found = LEAST < share < 1 - LEAST
    whole = (0, 0, picture.size[1], picture.size[0])
    return finish(picture, Matte(alpha, 1.0 if found else 0.0, found, whole), alpha)


def _levelled(share: Floats, tolerance: str) -> Floats:
    low, high = LEVELS[tolerance]
    return ((share - np.float32(low)) / np.float32(high - low)).clip(0, 1)


def _guide(rgb: Pixels, step: int) -> Floats:
    return resampling.reduce(rgb, step).astype(np.float32) / np.float32(255)


def _plate(plate: Picture, picture: Picture, path: str) -> Pixels:
    """The plate's pixels in the picture's encoding. UsageError when it is of another size."""
    if plate.size != picture.size:
        told = " x ".join(map(str, plate.size[::-1])), " x ".join(map(str, picture.size[::-1]))
        raise UsageError(f"the plate {path} is {told[0]}, the picture {told[1]}", "take both from the same place")
    if plate.depth == picture.depth and plate.profile == picture.profile:
        return plate.rgb
    return colour.array_from_srgb(
        colour.to_srgb(resampling.eight_bit(plate.rgb), plate.profile), picture.profile, picture.depth
    )


def _under(band: Mask, tile: tiles.Tile) -> Mask:
    """The cells of a tile, without its rim."""
    rows, columns = tile.grid_rows, tile.grid_columns
    return band[rows.start : rows.stop - 2, columns.start : columns.stop - 2]


def _cells(plane: NDArray[Any], step: int, size: tuple[int, ...]) -> NDArray[Any]:
    """A plane of cells at full size."""
    return np.repeat(np.repeat(plane, step, 0), step, 1)[: size[0], : size[1]]


def _colour(text: str) -> colour.Colour:
    found = colour.parse(text)
    if found is None:
        raise UsageError(f"the screen's colour {text!r} is no opaque colour", "give one such as #00b140")
    return found
