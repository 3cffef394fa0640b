"""Shadows of a cutout, each a layer of its own: where it stands, behind it, along the ground; or its reflection.

Computed from the alpha on a reduced grid, because shadows are soft; dithered, so that they show no bands. Knows
nothing of what lies behind.
"""

from __future__ import annotations

import math

import numpy as np

from mattebox.composition.alpha_compositing import broadcast_colour, iter_strips
from mattebox.composition.backdrop import quantise_with_dither
from mattebox.composition.blur import blur_planes
from mattebox.composition.ground_contact import GroundContact, find_ground_contact
from mattebox.io import resampling
from mattebox.io.colour import RgbColour
from mattebox.recipe.steps import Shadow
from mattebox.types import Box, Floats, Picture

GRID_SIDE_CELLS = 700  # longer side of the grid, about
DEFAULT_LENGTH_PERCENT = {"contact": 6, "drop": 6, "cast": 60, "reflection": 35}  # percent of the subject's height
GROUND_FORESHORTENING = 0.5  # of its length: how tall the ground looks, seen from a little above
CAST_FADE_SHARE = 0.5  # of its darkness that a cast shadow loses on its way
MEAN_GROUND_HEIGHT_SHARE = 0.3  # of the subject's height: what is higher falls as from the mean ground
MIN_CONTACT_THICKNESS_ROWS = 1.6  # of its grid: what touches the ground, in rows


def render_shadow(cutout: Picture, box: Box, step: Shadow, colour: RgbColour) -> Picture | None:
    """The layer to lie beneath the cutout, same size and depth; None when nothing is to be seen.

    `box` is the subject's; `colour` is in the picture's own encoding and depth.
    """
    if step.kind == "none" or step.opacity == 0 or cutout.alpha is None or box[3] <= box[1]:
        return None
    tall, length = box[3] - box[1], (step.length or DEFAULT_LENGTH_PERCENT[step.kind]) / 100
    if step.kind == "reflection":
        return render_reflection(cutout, box, length, step.opacity / 100)
    sigma = step.softness / 100 * tall
    cell = max(1, min(round(max(cutout.shape) / GRID_SIDE_CELLS), int(sigma / 2) or 1))
    alpha = resampling.average_blocks(cutout.alpha, cell).astype(np.float32) / np.float32(255)
    reach, stands = tall / cell, find_ground_contact(alpha, tall / cell)
    if stands is None:
        return None
    if step.kind == "drop":
        dark = _drop_shadow(alpha, reach * length, step.angle, sigma / cell)
    elif step.kind == "cast":
        dark = _cast_shadow(alpha, stands, reach, length, step.angle, sigma / cell)
    else:
        dark = _contact_shadow(alpha.shape, stands, reach * length, sigma / cell)
    return _shadow_layer(dark * (step.opacity / 100), cutout, cell, colour)


def render_reflection(cutout: Picture, box: Box, length: float, opacity: float) -> Picture:
    """The subject upside down below where it stands, fading away over `length` of its height."""
    assert cutout.alpha is not None
    rgb, alpha = np.zeros_like(cutout.rgb), np.zeros_like(cutout.alpha)
    height, tall = len(alpha), box[3] - box[1]
    stands = find_ground_contact(cutout.alpha.astype(np.float32) / np.float32(cutout.bit_depth.peak), tall)
    count = max(1, round(tall * length))
    if stands is None:
        return cutout.with_pixels(rgb, alpha)
    ground = np.rint(stands.ground_rows).astype(int)
    for rows in iter_strips(height):
        y = np.arange(rows.start, min(rows.stop, height))[:, None]
        source, away = 2 * ground - 2 - y, y - ground  # about the last row, whose soft edge then has no gap beneath
        share = np.where((away >= -1) & (source >= 0), np.clip(1 - (away + 0.5) / count, 0, 1), 0)
        if not share.any():
            continue
        source = source.clip(0, height - 1)
        mirrored = np.take_along_axis(cutout.alpha, source, 0)
        alpha[rows] = np.rint(mirrored * (opacity * share))
        rgb[rows] = np.take_along_axis(cutout.rgb, source[..., None], 0) * (alpha[rows] > 0)[..., None]
    return cutout.with_pixels(rgb, alpha)


def _drop_shadow(alpha: Floats, distance: float, angle: float, sigma: float) -> Floats:
    right, down = (round(distance * f(math.radians(angle))) for f in (math.cos, math.sin))
    return blur_planes(_shift_plane(alpha, down, right), sigma)


def _contact_shadow(shape: tuple[int, ...], contact: GroundContact, length: float, sigma: float) -> Floats:
    """Dark where the subject touches the ground: a thin dark line, and ever wider and fainter shades around it, so
    that thin legs have theirs, too."""
    y = np.arange(shape[0], dtype=np.float32)[:, None] + 0.5

    def shade(thick: float, soft: float, darkness: float) -> Floats:
        near = contact.weights * np.exp(-(((y - contact.ground_rows) / max(MIN_CONTACT_THICKNESS_ROWS, thick)) ** 2))
        return 1 - darkness * blur_planes(near.astype(np.float32), soft, 2 * soft)

    light = shade(0.15 * length, 0.12 * sigma, 1.0) * shade(0.5 * length, 0.5 * sigma, 1.0)
    return np.asarray(1 - light * shade(1.2 * length, 1.5 * sigma, 0.8), np.float32)


def _cast_shadow(
    alpha: Floats, contact: GroundContact, subject_height: float, length: float, angle: float, sigma: float
) -> Floats:
    """The subject laid along the ground from where it stands; softer and fainter the farther from it."""
    right, down = (length * f(math.radians(angle)) for f in (math.cos, math.sin))
    down = math.copysign(max(abs(GROUND_FORESHORTENING * down), 0.08 * length), down or 1)
    laid, far = (
        alpha * contact.weights * (np.arange(len(alpha))[:, None] > contact.ground_rows - 0.1 * subject_height),
        0 * alpha,
    )
    (height, width), columns = alpha.shape, np.arange(alpha.shape[1])
    level = np.average(contact.ground_rows, weights=contact.weights)
    for lift in np.arange(0.5, contact.ground_rows.max(), min(1.0, 1 / max(abs(down), abs(right)))):
        ground = contact.ground_rows + (level - contact.ground_rows) * min(
            1.0, lift / (MEAN_GROUND_HEIGHT_SHARE * subject_height)
        )
        source = np.floor(contact.ground_rows - lift).astype(int)
        y, x = np.floor(ground + lift * down - (down < 0)).astype(int), columns + round(lift * right)
        ok = (source >= 0) & (y >= 0) & (y < height) & (x >= 0) & (x < width)
        to, shade = (y[ok], x[ok]), alpha[source[ok], columns[ok]]
        laid[to] = np.maximum(laid[to], shade)
        far[to] = lift / subject_height
    far = np.clip(blur_planes(laid * far, sigma) / np.maximum(blur_planes(laid, sigma), 1e-3), 0, 1)
    soft = (1 - far) * blur_planes(laid, 0.3 * sigma) + far * blur_planes(laid, 1.6 * sigma)
    return np.asarray(soft * (1 - CAST_FADE_SHARE * far), np.float32)


def _shift_plane(plane: Floats, down: int, right: int) -> Floats:
    """Moved by whole samples, zeros moving in."""
    height, width = plane.shape
    moved = np.zeros_like(plane)
    if abs(down) < height and abs(right) < width:
        moved[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = plane[
            max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
        ]
    return moved


def _shadow_layer(darkness: Floats, cutout: Picture, cell: int, colour: RgbColour) -> Picture:
    """Darkness 0..1 on the grid -> a picture of one colour with that alpha."""
    height, width = cutout.shape
    grown = resampling.enlarge(darkness, (darkness.shape[0] * cell, darkness.shape[1] * cell)) if cell > 1 else darkness
    grown = np.clip(grown[:height, :width], 0, 1)
    alpha = np.empty(cutout.shape, cutout.bit_depth.dtype)
    for rows in iter_strips(height):
        alpha[rows] = quantise_with_dither(grown[rows], cutout.bit_depth, rows.start) if grown[rows].any() else 0
    return cutout.with_pixels(broadcast_colour(colour, cutout.rgb), alpha)
