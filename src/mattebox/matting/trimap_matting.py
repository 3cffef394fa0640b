"""Matting by a trimap alone, at the picture's own resolution: closed-form matting on a pyramid, tile by tile.

Each level of the pyramid starts from the one below, which has settled everything that is larger than a tile; a tile is
solved with a margin whose outermost pixels are held at that start, and neighbouring tiles are blended over their common
margins. Only tiles with unknown pixels are solved, and of these only the unknown pixels (`MattingLaplacian`), so that
time is linear in the area of the unknown band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.core import cpu_threads
from mattebox.io import resampling
from mattebox.matting.closed_form import solve_closed_form
from mattebox.matting.matte_operations import as_floats, as_pixels, finalise_matte, stretch_levels
from mattebox.matting.trimap import BACKGROUND, FOREGROUND
from mattebox.types import Floats, ImageShape, Matte, Picture, Pixels, subject_box

TILE_SIDE_PIXELS = 512
MARGIN_PIXELS = 32  # of a tile, on every side, over which it is blended with its neighbours
FIXED_BORDER_PIXELS = 2  # outermost pixels of a margin, held at the level below: the radius of the Laplacian
COARSEST_SIDE_PIXELS = 200  # longer side of the pyramid's last level, at most
MAX_ITERATIONS = 600  # in one tile; plain surfaces need fewer, strands all
PARTLY_KNOWN_WEIGHT = 1.0  # of cells that are in part certain, relative to the matting Laplacian
ALPHA_CLIP_MARGIN = 0.08  # alpha this close to 0 or 1 becomes 0 or 1: the method leaves haze there (decision 011)


@dataclass(frozen=True, eq=False)
class TrimapLevel:
    """A level of the pyramid: colours h x w x 3, and the shares of each cell, 0..255, that are certainly subject and
    certainly background."""

    rgb: Pixels
    foreground: NDArray[np.uint8]
    background: NDArray[np.uint8]

    @property
    def shape(self) -> ImageShape:
        return self.foreground.shape[0], self.foreground.shape[1]

    def halve(self) -> TrimapLevel:
        """The level at half the resolution."""
        return TrimapLevel(*(resampling.average_blocks(p, 2) for p in (self.rgb, self.foreground, self.background)))


@dataclass(frozen=True)
class Window:
    """A tile with its margin, inside the picture: its rows and columns."""

    rows: slice
    columns: slice

    def blend_weight(self, size: ImageShape) -> Floats:
        """Weight of each pixel, 0..1: it falls towards the sides that lie inside a picture of that (height, width)."""
        return np.outer(*(_ramp(s, side) for s, side in zip((self.rows, self.columns), size, strict=True)))


def matte_from_trimap(picture: Picture, trimap: NDArray[np.uint8]) -> Matte:
    """The matte of a picture by a trimap H x W, at the picture's size and bit depth, never more opaque than its own
    alpha; nothing is doubtful about it."""
    alpha = as_pixels(solve_trimap(picture.rgb, trimap), picture.bit_depth)
    matte = Matte(alpha, confidence=1.0, found=bool((trimap == FOREGROUND).any()), box=subject_box(alpha))
    return finalise_matte(picture, matte, alpha)


def solve_trimap(rgb: Pixels, trimap: NDArray[np.uint8]) -> Floats:
    """Solve a trimap.

    Parameters
    ----------
    rgb : Pixels
        Picture H x W x 3, any bit depth.
    trimap : array of uint8
        H x W, see `trimap_from_picture`.

    Returns
    -------
    Floats
        Alpha H x W, 0..1: exactly 0 and 1 where the trimap is certain.
    """
    levels = [TrimapLevel(rgb, _as_share(trimap == FOREGROUND), _as_share(trimap == BACKGROUND))]
    while max(levels[-1].shape) > COARSEST_SIDE_PIXELS:
        levels.append(levels[-1].halve())
    alpha = np.full(levels[-1].shape, 0.5, np.float32)
    for level in reversed(levels):
        alpha = solve_level(level, resampling.enlarge(alpha, level.shape, "bilinear"))
    stretched = stretch_levels(alpha, ALPHA_CLIP_MARGIN, 1 - ALPHA_CLIP_MARGIN)
    return np.asarray(stretched, np.float32)


def solve_level(level: TrimapLevel, start: Floats) -> Floats:
    """Alpha of a level of the pyramid, 0..1, from a first guess."""
    alpha: Floats = np.where(level.foreground == 255, np.float32(1), start)
    alpha[level.background == 255] = 0
    windows = [w for w in _iter_windows(level.shape) if _is_unknown(level, w).any()]
    patches = cpu_threads.parallel_map(lambda window: _solve_window(level, alpha, window), windows)
    weighted, weights = np.zeros_like(alpha), np.zeros_like(alpha)
    for window, patch in zip(windows, patches, strict=True):
        weight = window.blend_weight(level.shape)
        weighted[window.rows, window.columns] += weight * patch
        weights[window.rows, window.columns] += weight
    solved = weights > 0
    alpha[solved] = (weighted[solved] / weights[solved]).clip(0, 1)
    alpha[level.foreground == 255], alpha[level.background == 255] = 1, 0  # blending rounds
    return alpha


def _solve_window(level: TrimapLevel, start: Floats, window: Window) -> Floats:
    """Alpha in a window; known pixels and the border inside the picture keep the start."""
    part = (window.rows, window.columns)
    patch = start[part]
    if min(patch.shape) < 3:
        return patch
    foreground, background = (as_floats(share[part]) for share in (level.foreground, level.background))
    known_share = foreground + background
    data = foreground / np.maximum(known_share, np.float32(1e-6))
    unknown = _is_unknown(level, window) & _is_free(window, level.shape)
    weight = np.float32(PARTLY_KNOWN_WEIGHT) * known_share
    return solve_closed_form(as_floats(level.rgb[part]), patch, unknown, weight, data, MAX_ITERATIONS)


def _iter_windows(size: ImageShape) -> list[Window]:
    """The windows of all tiles of a picture of that (height, width)."""
    rows, columns = (
        [
            slice(max(0, i - MARGIN_PIXELS), min(side, i + TILE_SIDE_PIXELS + MARGIN_PIXELS))
            for i in range(0, side, TILE_SIDE_PIXELS)
        ]
        for side in size
    )
    return [Window(y, x) for y in rows for x in columns]


def _is_unknown(level: TrimapLevel, window: Window) -> NDArray[np.bool_]:
    part = (window.rows, window.columns)
    return (level.foreground[part] < 255) & (level.background[part] < 255)


def _is_free(window: Window, size: ImageShape) -> NDArray[np.bool_]:
    """All pixels of a window but its border, where that lies inside the picture."""
    ramps = (_ramp(s, side) for s, side in zip((window.rows, window.columns), size, strict=True))
    y, x = (ramp > FIXED_BORDER_PIXELS / MARGIN_PIXELS for ramp in ramps)
    return y[:, None] & x


def _ramp(side: slice, picture_side: int) -> Floats:
    """For each row or column of a window, its distance from the window's ends in margins, at most 1; the picture's own
    ends do not count."""
    positions = np.arange(side.start, side.stop) + np.float32(0.5)
    before = positions - side.start if side.start > 0 else np.full(len(positions), MARGIN_PIXELS)
    after = side.stop - positions if side.stop < picture_side else np.full(len(positions), MARGIN_PIXELS)
    return np.asarray(np.minimum(np.minimum(before, after) / MARGIN_PIXELS, 1), np.float32)


def _as_share(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return mask.astype(np.uint8) * np.uint8(255)
