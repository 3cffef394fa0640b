"""Drawn things with holes, and solid ones, on plain backgrounds and on cluttered ones.

The cluttered ones are those of scikit-image's photographs that show no subject of their own, but for the rocket.
Each is drawn at four times its size in one shaded, grainy material, at a random place, size and turn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.common import load_photograph
from mattebox.core.connected_components import label_components
from mattebox.types import Floats, Mask

SIDE_PIXELS = 480
OVERSAMPLING = 4
CLUTTER_NAMES = ("rocket", "brick", "gravel", "grass", "immunohistochemistry", "hubble_deep_field")
MIN_MATERIAL_CONTRAST = 60  # of a material's colour to the background's mean, of 255, summed over channels
GRAIN_LEVELS = 4
SHADING = 0.3  # of a material's brightness, from one side of the picture to the other
INK, ERASER = 255, 0
Pen = ImageDraw.ImageDraw


class HoleScene(NamedTuple):
    """A picture H x W x 3, uint8; the thing's true alpha, 0..1; and where background is seen through it."""

    rgb: np.ndarray
    alpha: Floats
    holes: Mask


def make_hole_scene(kind: str, clutter: bool, seed: int) -> HoleScene:
    """A thing of HOLED_KINDS or SOLID_KINDS in a picture of SIDE_PIXELS; the same for the same arguments."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), clutter, seed])
    alpha = _place(rng, {**HOLED_KINDS, **SOLID_KINDS}[kind])
    background = _crop_clutter(rng) if clutter else _shade(rng, rng.uniform(60, 240, 3), 0.1)
    material = _choose_material(rng, background)
    rgb = alpha[..., None] * material + (1 - alpha[..., None]) * background
    return HoleScene(np.rint(rgb.clip(0, 255)).astype(np.uint8), alpha, find_holes(alpha > 0.5))


def find_holes(subject: Mask) -> Mask:
    """The pixels that are not subject and that it encloses, H x W."""
    labels, _ = label_components(np.pad(~subject, 1, constant_values=True))
    outside = labels == labels[0, 0]
    return ~(outside[1:-1, 1:-1] | subject)


def _place(rng: np.random.Generator, draw: Callable[[Pen], None]) -> Floats:
    """A drawing in the unit square as alpha, turned, scaled and moved at random."""
    side = SIDE_PIXELS * OVERSAMPLING
    image = Image.new("L", (side, side))
    draw(ImageDraw.Draw(image))
    scale, shift = rng.uniform(0.55, 0.9), rng.uniform(-0.05, 0.05, 2) * side
    turned = image.rotate(rng.uniform(-15, 15), Image.Resampling.BILINEAR)
    size = round(side * scale)
    canvas = Image.new("L", (side, side))
    corner = [round((side - size) / 2 + s) for s in shift]
    canvas.paste(turned.resize((size, size)), (corner[0], corner[1]))
    reduced = canvas.resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.BOX)
    return np.asarray(reduced, np.float32) / np.float32(255)


def _crop_clutter(rng: np.random.Generator) -> Floats:
    """A square part of a photograph, enlarged."""
    rgb = load_photograph(str(rng.choice(CLUTTER_NAMES)))
    rgb = np.repeat(rgb[..., None], 3, axis=2) if rgb.ndim == 2 else rgb[..., :3]
    side = int(min(rgb.shape[:2]) * rng.uniform(0.6, 1))
    y, x = (int(rng.integers(0, length - side + 1)) for length in rgb.shape[:2])
    part = Image.fromarray(np.ascontiguousarray(rgb[y : y + side, x : x + side]))
    return np.asarray(part.resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.BICUBIC), np.float32)


def _choose_material(rng: np.random.Generator, background: Floats) -> Floats:
    """A shaded colour that stands out from the background's mean."""
    mean = background.mean(axis=(0, 1))
    colour = rng.uniform(20, 235, 3)
    while np.abs(colour - mean).sum() < MIN_MATERIAL_CONTRAST:
        colour = rng.uniform(20, 235, 3)
    return _shade(rng, colour, SHADING)


def _shade(rng: np.random.Generator, colour: np.ndarray, strength: float) -> Floats:
    """A colour with light from one side, and grain, H x W x 3."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:SIDE_PIXELS, :SIDE_PIXELS] / SIDE_PIXELS - 0.5
    light = 1 + strength * (np.cos(angle) * x + np.sin(angle) * y)
    grain = rng.normal(0, GRAIN_LEVELS, (SIDE_PIXELS, SIDE_PIXELS, 1))
    return np.asarray(light[..., None] * colour + grain, np.float32)


# Drawings in the unit square


def _to_pixels(*values: float) -> list[float]:
    return [v * SIDE_PIXELS * OVERSAMPLING for v in values]


def _disc(pen: Pen, radius: float, fill: int, x: float = 0.5, y: float = 0.5) -> None:
    pen.ellipse(_to_pixels(x - radius, y - radius, x + radius, y + radius), fill=fill)


def _box(pen: Pen, left: float, top: float, right: float, bottom: float, fill: int = INK) -> None:
    pen.rectangle(_to_pixels(left, top, right, bottom), fill=fill)


def draw_ring(pen: Pen) -> None:
    _disc(pen, 0.42, INK)
    _disc(pen, 0.27, ERASER)


def draw_wheel(pen: Pen) -> None:
    _disc(pen, 0.45, INK)
    _disc(pen, 0.37, ERASER)
    for angle in np.arange(8) * np.pi / 4:
        end = 0.5 + 0.41 * np.cos(angle), 0.5 + 0.41 * np.sin(angle)
        pen.line(_to_pixels(0.5, 0.5, *end), fill=INK, width=round(_to_pixels(0.03)[0]))
    _disc(pen, 0.08, INK)


def draw_mug(pen: Pen) -> None:
    _disc(pen, 0.2, INK, 0.7, 0.5)
    _disc(pen, 0.13, ERASER, 0.7, 0.5)
    pen.rounded_rectangle(_to_pixels(0.15, 0.2, 0.68, 0.85), _to_pixels(0.06)[0], fill=INK)


def draw_chair(pen: Pen) -> None:
    _box(pen, 0.25, 0.05, 0.75, 0.6)
    for left in (0.31, 0.43, 0.55):
        _box(pen, left, 0.12, left + 0.08, 0.5, ERASER)
    _box(pen, 0.2, 0.52, 0.8, 0.6)
    for left in (0.22, 0.72):
        _box(pen, left, 0.6, left + 0.06, 0.95)
    _box(pen, 0.22, 0.8, 0.78, 0.84)


def draw_lattice(pen: Pen) -> None:
    _box(pen, 0.08, 0.08, 0.92, 0.92)
    for row in range(4):
        for column in range(4):
            left, top = 0.13 + 0.195 * column, 0.13 + 0.195 * row
            _box(pen, left, top, left + 0.15, top + 0.15, ERASER)


def draw_ball(pen: Pen) -> None:
    _disc(pen, 0.42, INK)


def draw_bottle(pen: Pen) -> None:
    pen.rounded_rectangle(_to_pixels(0.32, 0.32, 0.68, 0.95), _to_pixels(0.08)[0], fill=INK)
    _box(pen, 0.44, 0.05, 0.56, 0.4)


def draw_lamp(pen: Pen) -> None:
    pen.polygon(_to_pixels(0.35, 0.08, 0.65, 0.08, 0.8, 0.42, 0.2, 0.42), fill=INK)
    _box(pen, 0.46, 0.4, 0.54, 0.9)
    _box(pen, 0.3, 0.87, 0.7, 0.93)


HOLED_KINDS = {
    "chair": draw_chair, "wheel": draw_wheel, "ring": draw_ring, "mug": draw_mug, "lattice": draw_lattice,
}  # fmt: skip
SOLID_KINDS = {"ball": draw_ball, "bottle": draw_bottle, "lamp": draw_lamp}
