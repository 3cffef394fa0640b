"""Keying of flat artwork by its exact backdrop colour, with sub-pixel edges.

A pixel along an edge is a blend of the backdrop and of the colour that a step or two further in is no longer blended:
its alpha is its distance from the backdrop relative to that colour's, if all three lie on a line in colour space.
Ramps that fade into the backdrop are shadows or glows: as transparent as their colour allows. Pixel art has no blends,
and gets hard edges. Since the backdrop is known, the straight colours follow exactly (Porter & Duff 1984, solved for
the foreground).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.channel_extremes import largest_channel
from mattebox.core.connected_components import dilate, label_components
from mattebox.matting.artwork_edges import EdgePixels
from mattebox.matting.compressed_artwork_edges import CompressedEdgePixels
from mattebox.matting.enclosed_ground import Holes, select_open_ground
from mattebox.matting.flat_artwork import Backdrop
from mattebox.matting.matte_operations import finalise_matte, stretch_levels
from mattebox.matting.neighbour_steps import largest_neighbour_steps
from mattebox.types import Floats, Mask, Matte, Picture, Pixels

COMPRESSED_LEVELS = 0.1, 0.9  # black and white point of alpha where compression adds noise
MIN_BLENDED_SHARE = 0.12  # of the pixels along the backdrop; with fewer it is pixel art, without blends
MAX_BLENDED_ALPHA = 0.97
MAX_ALPHA_DIFFERENCE = 0.25  # of a pixel from the share that it has as a blend; others are shadows, or corrected
MAX_SHADOW_STEP_LEVELS = 8  # of 255, between neighbours in a shadow or glow
MIN_SHADOW_LEVELS, MAX_PLATEAU_SHARE = 8, 0.5  # of a shadow: distinct levels, and the share that has one of them
MIN_ARTWORK_SHARE = 0.0005  # of the picture, for artwork and for ground; with less, nothing is found
CHUNK_ROWS = 256  # rows processed at a time


def compute_artwork_matte(picture: Picture, backdrop: Backdrop, holes: Holes = "auto") -> Matte:
    """Compute the matte of flat artwork.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth.
    backdrop : Backdrop
        See `flat_artwork.detect_artwork`.
    holes : {"keep", "open", "auto"}
        Enclosed areas of the backdrop's colour, see `select_open_ground`.

    Returns
    -------
    Matte
        At the picture's size and bit depth, with confidence 1, or 0 when (almost) nothing or everything is artwork.
    """
    width = edge_class(backdrop).width
    steps = largest_neighbour_steps(picture.rgb)
    ground = select_open_ground(_ground_mask(picture, backdrop), steps, holes, width)
    values = np.where(ground, np.float32(0), np.float32(1))
    soft = find_soft_area(picture, backdrop, ground, steps)
    values[soft] = least_alpha(backdrop.offsets(picture, *np.nonzero(soft)), backdrop)
    values = blend_edges(picture, backdrop, values, ground, soft)
    if backdrop.tolerance:
        values = stretch_levels(values, *COMPRESSED_LEVELS)
    share = float((values > 0.5).mean())
    found = MIN_ARTWORK_SHARE < share < 1 - MIN_ARTWORK_SHARE
    alpha = np.rint(values * picture.bit_depth.peak).astype(picture.bit_depth.dtype)
    return finalise_matte(picture, Matte(alpha, float(found), found, (0, 0, *picture.size)), alpha)


def unmix_backdrop(picture: Picture, matte: Matte, backdrop: Backdrop) -> Picture:
    """The artwork in its own straight colours: F = (I - (1 - a) B) / a where alpha is partial, unchanged elsewhere, but
    for chroma of the backdrop that compression spread over an edge."""
    peak = picture.bit_depth.peak
    y, x = np.nonzero((matte.alpha > 0) & (matte.alpha < peak))
    rgb, alpha = picture.rgb.copy(), matte.alpha[y, x].astype(np.float32)[:, None] / np.float32(peak)
    ground = np.array(backdrop.rgb, np.float32) * np.float32(peak / 255)
    straight = (rgb[y, x] - (1 - alpha) * ground) / alpha
    rgb[y, x] = np.rint(straight.clip(0, peak)).astype(rgb.dtype)
    if backdrop.tolerance:
        _restore_bled_colours(rgb, picture, matte.alpha.astype(np.float32) / np.float32(peak), backdrop)
    return picture.with_pixels(rgb, matte.alpha)


def edge_class(backdrop: Backdrop) -> type[EdgePixels]:
    """How blended pixels are told apart: as they are, or as compression leaves them."""
    return CompressedEdgePixels if backdrop.tolerance else EdgePixels


def _restore_bled_colours(rgb: Pixels, picture: Picture, alpha: Floats, backdrop: Backdrop) -> None:
    """Give the pixels along the edges of a compressed picture, into which the backdrop's chroma bled, the colour that
    the artwork has further in (in place)."""
    edges = CompressedEdgePixels(picture, backdrop, alpha == 0)
    if not edges.y.size:
        return
    levels = stretch_levels(edges.blend_shares(), *COMPRESSED_LEVELS)
    is_blend = np.abs(levels - alpha[edges.y, edges.x]) <= MAX_ALPHA_DIFFERENCE
    y, x, peak = edges.y[is_blend], edges.x[is_blend], picture.bit_depth.peak
    colours = edges.unblended_offsets()[is_blend] + np.array(backdrop.rgb, np.float32) / 255
    rgb[y, x] = np.rint(colours.clip(0, 1) * peak).astype(rgb.dtype)


def find_soft_area(picture: Picture, backdrop: Backdrop, ground: Mask, steps: NDArray[np.uint8]) -> Mask:
    """Shadows and glows: areas without edges that fade into the ground, and are not of one colour."""
    gentle = ~ground & (steps <= MAX_SHADOW_STEP_LEVELS)
    labels, components = label_components(gentle, connectivity=4)
    fading = np.unique(labels[dilate(ground, 1) & gentle])
    soft = np.zeros(len(components) + 1, np.bool_)
    for label in fading[fading > 0]:
        left, top, right, bottom = components[label - 1].box
        y, x = np.nonzero(labels[top:bottom, left:right] == label)
        distances = np.abs(backdrop.offsets(picture, y + top, x + left)).sum(axis=1)
        levels, counts = np.unique(np.rint(distances * 255), return_counts=True)
        soft[label] = len(levels) >= MIN_SHADOW_LEVELS and counts.max() <= MAX_PLATEAU_SHARE * len(y)
    return soft[labels]


def least_alpha(offsets: Floats, backdrop: Backdrop) -> Floats:
    """The least alpha, N, with which a colour that is offset N x 3 from the backdrop can be a blend with it."""
    ground = np.array(backdrop.rgb, np.float32) / 255
    room = np.where(offsets < 0, ground, 1 - ground)
    alpha: Floats = (np.abs(offsets) / np.maximum(room, 1e-6)).max(axis=1, initial=0).clip(0, 1)
    return alpha


def blend_edges(picture: Picture, backdrop: Backdrop, alpha: Floats, ground: Mask, soft: Mask) -> Floats:
    """Alpha with the blended pixels along ground and soft areas; as it is where there are none, in pixel art."""
    lower = ground | soft
    edges = edge_class(backdrop)(picture, backdrop, lower)
    if not edges.y.size:
        return alpha
    share, lower_alpha = edges.blend_shares(), edges.lower_values(alpha)
    rim = dilate(ground, 1)[edges.y, edges.x]
    is_pixel_art = rim.any() and (share[rim] < MAX_BLENDED_ALPHA).mean() < MIN_BLENDED_SHARE
    if is_pixel_art and not soft.any():
        return alpha
    blended = alpha.copy()
    values = share + (1 - share) * lower_alpha
    if not backdrop.tolerance:
        values = np.maximum(values, least_alpha(backdrop.offsets(picture, edges.y, edges.x), backdrop))
    blended[edges.y, edges.x] = values
    return blended


def _ground_mask(picture: Picture, backdrop: Backdrop) -> Mask:
    """Which pixels have the backdrop's colour."""
    mask, peak = np.empty(picture.shape, np.bool_), picture.bit_depth.peak
    ground = np.array(backdrop.rgb, np.int32) * (peak // 255)
    for top in range(0, len(mask), CHUNK_ROWS):
        rows = slice(top, top + CHUNK_ROWS)
        mask[rows] = largest_channel(np.abs(picture.rgb[rows].astype(np.int32) - ground)) <= backdrop.noise * peak
    return mask
