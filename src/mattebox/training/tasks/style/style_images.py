"""Style pictures drawn by code, so that no one else has rights in them: SIDE x SIDE x 3 uint8, from a fixed seed.

Each is a texture in a few colours; the style loss takes from it how strokes and colours lie beside each other.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIDE_PIXELS = 512

Pixels = NDArray[np.uint8]


def draw_style_image(name: str) -> Pixels:
    """The picture of a style, a key of STYLE_PAINTERS."""
    return STYLE_PAINTERS[name](np.random.default_rng(7))


def draw_ink(rng: np.random.Generator) -> Pixels:
    """Hatching in dark ink on warm paper, denser in some places than in others."""
    shade = _smooth_noise(rng, 5)
    sheet = Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), (244, 238, 226))
    pen = ImageDraw.Draw(sheet)
    for level, angle in ((0.35, 0.8), (0.5, -0.7), (0.62, 0.1), (0.74, 1.5)):
        for _ in range(2600):
            x, y = rng.uniform(0, SIDE_PIXELS, 2)
            if shade[int(y), int(x)] > level:
                turn, length = angle + rng.normal(0, 0.08), rng.uniform(10, 34)
                end = (x + length * math.cos(turn), y + length * math.sin(turn))
                pen.line([(x, y), end], fill=(28, 30, 44), width=1)
    return np.asarray(sheet)


def draw_watercolour(rng: np.random.Generator) -> Pixels:
    """Washes that lie over each other, darker at their rims, on grained paper."""
    light = np.ones((SIDE_PIXELS, SIDE_PIXELS, 3))
    colours = [(0.25, 0.5, 0.75), (0.85, 0.45, 0.35), (0.9, 0.75, 0.35), (0.4, 0.65, 0.45), (0.55, 0.4, 0.65)]
    for i in range(16):
        field = _smooth_noise(rng, 4) + 0.25 * _smooth_noise(rng, 24)
        level = np.quantile(field, rng.uniform(0.6, 0.85))
        wash = np.clip((field - level) / 0.03, 0, 1)
        rim = np.exp(-(((field - level - 0.02) / 0.02) ** 2))
        strength = (0.35 * wash + 0.3 * rim)[..., None]
        light *= 1 - strength * (1 - np.array(colours[i % len(colours)]))
    grain = 1 + 0.05 * (_smooth_noise(rng, 120) - 0.5)
    return _to_uint8(light * grain[..., None])


def draw_mosaic(rng: np.random.Generator) -> Pixels:
    """Small stones in earth colours, light grout between them."""
    earth = [(0.72, 0.3, 0.2), (0.2, 0.38, 0.5), (0.85, 0.72, 0.5), (0.3, 0.45, 0.35), (0.93, 0.9, 0.83)]
    return _draw_cells(rng, 900, earth, joint_colour=(0.8, 0.78, 0.72), joint_width=2.2, colour_sigma=0.07)


def draw_stained_glass(rng: np.random.Generator) -> Pixels:
    """Large panes of strong colours between lines of lead."""
    panes = [(0.85, 0.1, 0.12), (0.05, 0.25, 0.75), (0.98, 0.78, 0.1), (0.05, 0.55, 0.3), (0.5, 0.1, 0.5)]
    return _draw_cells(rng, 160, panes, joint_colour=(0.04, 0.04, 0.05), joint_width=4.5, colour_sigma=0.12)


def draw_pointillism(rng: np.random.Generator) -> Pixels:
    """Dots of pure colours, several to each tone."""
    sheet = Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), (236, 229, 210))
    pen, hue = ImageDraw.Draw(sheet), _smooth_noise(rng, 4)
    families = [
        [(36, 76, 160), (90, 140, 210), (60, 50, 120)],
        [(60, 140, 70), (150, 190, 60), (30, 90, 80)],
        [(240, 180, 40), (230, 110, 40), (250, 220, 120)],
        [(200, 60, 70), (240, 140, 150), (150, 40, 90)],
    ]
    for _ in range(16000):
        x, y = rng.uniform(0, SIDE_PIXELS, 2)
        family = families[min(3, int(np.clip((hue[int(y), int(x)] - 0.2) / 0.6, 0, 0.999) * 4))]
        r = rng.uniform(2.2, 3.8)
        pen.ellipse([x - r, y - r, x + r, y + r], fill=family[rng.integers(3)])
    return np.asarray(sheet)


def draw_swirls(rng: np.random.Generator) -> Pixels:
    """Thick strokes along whirls, night blue and yellow."""
    sheet = Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), (20, 40, 90))
    pen, field, tone = ImageDraw.Draw(sheet), _smooth_noise(rng, 3), _smooth_noise(rng, 5)
    down, across = (np.asarray(slope) for slope in np.gradient(field))
    colours = [(18, 36, 92), (40, 84, 150), (84, 140, 190), (170, 200, 200), (240, 205, 90), (250, 235, 170)]
    for _ in range(9000):
        x, y = rng.uniform(0, SIDE_PIXELS - 1, 2).tolist()
        shade = float(np.clip((tone[int(y), int(x)] - 0.15) / 0.7 + rng.normal(0, 0.08), 0, 0.999))
        line = [(x, y)]
        for _ in range(9):
            dy, dx = across[int(y), int(x)], -down[int(y), int(x)]
            norm = math.hypot(dx, dy) + 1e-9
            x, y = (float(np.clip(v, 0, SIDE_PIXELS - 1)) for v in (x + 3 * dx / norm, y + 3 * dy / norm))
            line.append((x, y))
        pen.line(line, fill=colours[int(shade * len(colours))], width=int(rng.integers(3, 6)))
    return np.asarray(sheet)


STYLE_PAINTERS = {
    "ink": draw_ink,
    "watercolour": draw_watercolour,
    "mosaic": draw_mosaic,
    "glass": draw_stained_glass,
    "points": draw_pointillism,
    "swirl": draw_swirls,
}


def _smooth_noise(rng: np.random.Generator, bumps: int) -> NDArray[np.float64]:
    """Smooth noise 0..1, SIDE x SIDE, with `bumps` bumps across."""
    small = Image.fromarray(rng.random((bumps, bumps)).astype(np.float32))
    large = np.asarray(small.resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.BICUBIC)).astype(float)
    return (large - large.min()) / max(float(np.ptp(large)), 1e-6)


def _draw_cells(
    rng: np.random.Generator,
    count: int,
    colours: list[tuple[float, float, float]],
    joint_colour: tuple[float, float, float],
    joint_width: float,
    colour_sigma: float,
) -> Pixels:
    """Voronoi cells around random sites, each of one colour, with joints between them."""
    sites = rng.uniform(0, SIDE_PIXELS, (count, 2))
    y, x = np.mgrid[:SIDE_PIXELS, :SIDE_PIXELS]
    first = np.full((SIDE_PIXELS, SIDE_PIXELS), np.inf)
    second, owner = first.copy(), np.zeros((SIDE_PIXELS, SIDE_PIXELS), int)
    for i, (v, u) in enumerate(sites.tolist()):
        distance = np.hypot(y - v, x - u)
        is_nearer = distance < first
        second = np.where(is_nearer, first, np.minimum(second, distance))
        first, owner = np.where(is_nearer, distance, first), np.where(is_nearer, i, owner)
    cell_colours = np.array(
        [np.array(colours[rng.integers(len(colours))]) + rng.normal(0, colour_sigma, 3) for _ in range(count)]
    )
    share = np.clip((second - first) / joint_width, 0, 1)[..., None]
    cells = share * cell_colours[owner] + (1 - share) * np.array(joint_colour)
    soft = Image.fromarray(_to_uint8(cells * (0.94 + 0.12 * _smooth_noise(rng, 60))[..., None]))
    return np.asarray(soft.filter(ImageFilter.GaussianBlur(0.6)))


def _to_uint8(light: NDArray[np.float64]) -> Pixels:
    return (np.clip(light, 0, 1) * 255).astype(np.uint8)
