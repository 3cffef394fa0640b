"""Shadows of a cutout, each a layer of its own: where it stands, behind it, along the ground; or its reflection.

Computed from the alpha on a reduced grid, because shadows are soft. Knows nothing of what lies behind.
"""

from __future__ import annotations

import math

import numpy as np

from mattebox.compose.soften import blurred
from mattebox.io import resample
from mattebox.io.colour import Colour
from mattebox.recipe import Shadow
from mattebox.types import Box, Floats, Picture, Pixels

GRID = 700  # longer side of the grid, about
LENGTHS = {"contact": 6, "drop": 6, "cast": 60, "reflection": 35}  # percent of the subject's height


def shadow(cutout: Picture, box: Box, step: Shadow, colour: Colour) -> Picture | None:
    """The layer to lie beneath the cutout, same size and depth; None when nothing is to be seen.

    `box` is the subject's; `colour` is in the picture's own encoding and depth.
    """
    if step.kind == "none" or step.opacity == 0 or cutout.alpha is None or box[3] <= box[1]:
        return None
    tall, length = box[3] - box[1], (step.length or LENGTHS[step.kind]) / 100
    if step.kind == "reflection":
        return reflection(cutout, box, length, step.opacity / 100)
    sigma = step.softness / 100 * tall
    cell = max(1, min(round(max(cutout.size) / GRID), int(sigma / 2) or 1))
    alpha = resample.reduce(cutout.alpha, cell).astype(np.float32) / np.float32(255)
    ground, reach = box[3] / cell, tall / cell
    if step.kind == "drop":
        dark = _drop(alpha, reach * length, step.angle, sigma / cell)
    elif step.kind == "cast":
        dark = _cast(alpha, ground, reach, length, step.angle, sigma / cell)
    else:
        dark = _contact(alpha, reach, length, sigma / cell)
    return _layer(dark * (step.opacity / 100), cutout, cell, colour)


def reflection(cutout: Picture, box: Box, length: float, opacity: float) -> Picture:
    """The subject upside down below its base, fading away over `length` of its height."""
    assert cutout.alpha is not None
    rgb, alpha = np.zeros_like(cutout.rgb), np.zeros_like(cutout.alpha)
    count = min(max(1, round((box[3] - box[1]) * length)), box[3], cutout.size[0] - box[3])
    if count > 0:
        above = slice(box[3] - count, box[3])
        below = slice(box[3], box[3] + count)
        fade = (opacity * (1 - (np.arange(count, dtype=np.float32) + 0.5) / count))[:, None]
        rgb[below] = cutout.rgb[above][::-1]
        alpha[below] = np.rint(cutout.alpha[above][::-1] * fade)
    return cutout.with_pixels(rgb, alpha)


def _drop(alpha: Floats, distance: float, angle: float, sigma: float) -> Floats:
    right, down = (round(distance * f(math.radians(angle))) for f in (math.cos, math.sin))
    return blurred(_shifted(alpha, down, right), sigma)


def _contact(alpha: Floats, reach: float, length: float, sigma: float) -> Floats:
    """Dark where the subject touches the ground: under each column's lowest point, the more the nearer that lies to the
    lowest of all."""
    solid = alpha > 0.5
    stands = solid.any(0)
    lowest = np.where(stands, len(alpha) - 1 - np.argmax(solid[::-1], axis=0), 0)
    if not stands.any():
        return np.zeros_like(alpha)
    lift = (lowest[stands].max() - lowest) / max(1.0, 0.08 * reach)
    touch = np.where(stands, np.exp(-(lift**2)), 0)
    y = np.arange(len(alpha))[:, None]
    thick = max(1.0, length * reach * 0.35)
    near = touch * np.exp(-(((y - lowest) / thick) ** 2))
    dark = 0.65 * blurred(near.astype(np.float32), 0.3 * sigma, sigma) + 0.6 * blurred(
        near.astype(np.float32), sigma, 3 * sigma
    )
    return np.clip(dark * 2.2, 0, 1)


def _cast(alpha: Floats, ground: float, reach: float, length: float, angle: float, sigma: float) -> Floats:
    """The subject laid along the ground from its base; softer the farther from it."""
    right, down = (length * f(math.radians(angle)) for f in (math.cos, math.sin))
    down = math.copysign(max(abs(down), 0.08 * length), down or 1)
    y, x = (np.arange(n)[:, None] if i == 0 else np.arange(n)[None, :] for i, n in enumerate(alpha.shape))
    lift = (y + 0.5 - ground) / down  # height above the ground of what shades this row
    rows = np.broadcast_to(np.rint(ground - lift - 0.5).astype(int), alpha.shape)
    columns = np.rint(x - lift * right).astype(int)
    inside = (lift >= 0) & (rows >= 0) & (rows < alpha.shape[0]) & (columns >= 0) & (columns < alpha.shape[1])
    laid = np.where(inside, alpha[rows.clip(0, alpha.shape[0] - 1), columns.clip(0, alpha.shape[1] - 1)], 0)
    laid = laid.astype(np.float32)
    far = np.clip(lift / max(reach, 1), 0, 1).astype(np.float32)
    return (1 - far) * blurred(laid, 0.4 * sigma) + far * blurred(laid, 1.6 * sigma)


def _shifted(plane: Floats, down: int, right: int) -> Floats:
    """Moved by whole samples, zeros moving in."""
    height, width = plane.shape
    moved = np.zeros_like(plane)
    if abs(down) < height and abs(right) < width:
        moved[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = plane[
            max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
        ]
    return moved


def _layer(dark: Floats, cutout: Picture, cell: int, colour: Colour) -> Picture:
    """Darkness 0..1 on the grid -> a picture of one colour with that alpha."""
    height, width = cutout.size
    grown = resample.enlarge(dark, (dark.shape[0] * cell, dark.shape[1] * cell)) if cell > 1 else dark
    alpha: Pixels = np.rint(np.clip(grown[:height, :width], 0, 1) * cutout.depth.peak).astype(cutout.depth.dtype)
    rgb = np.broadcast_to(np.asarray(colour, cutout.depth.dtype), cutout.rgb.shape)
    return cutout.with_pixels(rgb, alpha)
