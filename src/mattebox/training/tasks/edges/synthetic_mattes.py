"""Synthetic mattes with exact alpha: blobs, boards and bars with hard, soft, hairy, furry and moved edges.

Drawn at three times the size and averaged. Sizes follow `step`, the pixels of one sample of a network's coarse matte,
because details smaller than that are what edge refinement has to find.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mattebox.types import Floats

SUPERSAMPLING = 3
Rng = np.random.Generator


def draw_matte(rng: Rng, side: int, step: float) -> Floats:
    """Draw a random matte with an edge near its middle.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    side : int
        Side in pixels.
    step : float
        Pixels of one sample of the coarse matte.

    Returns
    -------
    ndarray, side x side float32
        Alpha, 0..1.
    """
    outline = _draw_outline(rng, side * SUPERSAMPLING)
    canvas = Image.new("L", (side * SUPERSAMPLING, side * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    draw.polygon([tuple(p) for p in outline], fill=255)
    kind = rng.choice(["plain", "hair", "fur", "bars", "holes"], p=[0.36, 0.3, 0.14, 0.1, 0.1])
    if kind == "hair":
        _draw_strands(
            rng,
            draw,
            outline,
            step,
            count=int(rng.integers(15, 300)),
            length_range=(1.5, rng.uniform(6, 36)),
            spread=0.7,
        )
    elif kind == "fur":
        _draw_strands(rng, draw, outline, step, count=int(rng.integers(300, 1200)), length_range=(0.5, 4), spread=0.4)
    elif kind == "bars":
        _draw_bars(rng, draw, side * SUPERSAMPLING, step * SUPERSAMPLING, 255)
    elif kind == "holes":
        _draw_bars(rng, draw, side * SUPERSAMPLING, step * SUPERSAMPLING, 0)
    blur = _edge_sigma(rng, step, is_hairy=kind in ("hair", "fur"))
    if rng.random() < 0.1:
        canvas = _motion_blur(rng, canvas, step)
    soft = canvas.filter(ImageFilter.GaussianBlur(blur * SUPERSAMPLING))
    alpha = np.asarray(soft.resize((side, side), Image.Resampling.BOX), np.float32) / np.float32(255)
    if rng.random() < 0.1:
        alpha = (
            alpha * np.float32(rng.uniform(0.6, 1)) if kind == "hair" else alpha ** np.float32(rng.uniform(0.6, 1.6))
        )
    return alpha.clip(0, 1).astype(np.float32)


def _edge_sigma(rng: Rng, step: float, is_hairy: bool) -> float:
    """Blur of the edge in pixels: mostly that of a lens, sometimes out of focus."""
    if rng.random() < (0.1 if is_hairy else 0.3):
        return float(rng.uniform(0.5, 2.5) * step)
    return float(rng.uniform(0.25, 0.6) + rng.random() ** 2 * 0.2 * step)


def _draw_outline(rng: Rng, side: int) -> np.ndarray:
    """N x 2 points of a closed curve that passes near the middle."""
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius, towards = rng.uniform(0.12, 1.2) * side, rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.25:  # straight, with corners
        reach = np.max(np.abs([np.cos(turn), np.sin(turn) * rng.uniform(0.4, 1)]), axis=0)
        wave = 1 / np.maximum(reach, 0.2)
    else:
        wave = np.ones_like(turn)
        for n in range(1, 9):
            wave += rng.normal(0, 0.25) / n * np.cos(n * turn + rng.uniform(0, 2 * np.pi))
        wave = np.maximum(wave, 0.2)
    turned = turn + rng.uniform(0, 2 * np.pi)
    points = radius * wave[:, None] * np.stack([np.cos(turned), np.sin(turned)], 1)
    nearest = points[np.argmin(np.abs(np.angle(np.exp(1j * (turned - towards)))))]
    return np.asarray(points - nearest + side / 2 + rng.normal(0, 0.08, 2) * side)


def _draw_strands(rng: Rng, draw: ImageDraw.ImageDraw, outline: np.ndarray, step: float, count: int,
             length_range: tuple[float, float], spread: float) -> None:  # fmt: skip
    """Hairs from the outline: bent, thinner at the end, in locks of a common direction."""
    centre, side = outline.mean(0), np.asarray(draw.im.size).max()
    near = np.flatnonzero(((outline > -0.1 * side) & (outline < 1.1 * side)).all(1))
    if not near.size:
        return
    thick = rng.uniform(0.5, 0.7 + 0.35 * step) * SUPERSAMPLING
    lock = rng.normal(0, spread)
    for _ in range(count):
        i = rng.choice(near)
        root = outline[i] + (outline[(i + 1) % len(outline)] - outline[i]) * rng.random()
        if rng.random() < 0.3:
            lock = rng.normal(0, spread)
        way = np.arctan2(*(root - centre)[::-1]) + lock + rng.normal(0, 0.15 * spread)
        far = rng.uniform(*length_range) * step * SUPERSAMPLING
        bends = way + np.cumsum(np.append(rng.normal(0, 0.25), np.full(11, rng.normal(0, 0.12))))
        line = root + np.cumsum(np.stack([np.cos(bends), np.sin(bends)], 1), 0) * far / 12
        line = np.concatenate([[root - (line[0] - root)], line])
        shade = int(rng.integers(140, 256)) if rng.random() < 0.2 else 255
        wide = thick * rng.uniform(0.6, 1.3)
        for a in range(0, 12, 4):
            draw.line([tuple(p) for p in line[a : a + 5]], fill=shade, width=max(1, round(wide * (1 - a / 16))))


def _draw_bars(rng: Rng, draw: ImageDraw.ImageDraw, side: int, step: float, shade: int) -> None:
    """A few thin parts, as straps, legs or wires; or holes, as of a handle."""
    for _ in range(int(rng.integers(1, 6))):
        a, b = rng.uniform(0.1, 0.9, 2) * side, rng.uniform(-0.2, 1.2, 2) * side
        wide = max(1, round(rng.uniform(0.2, 3) * step))
        if rng.random() < 0.5:
            draw.line([tuple(a), tuple(b)], fill=shade, width=wide)
        else:
            box = [*np.minimum(a, b), *np.maximum(a, b)]
            draw.ellipse(box, outline=shade, width=wide)


def _motion_blur(rng: Rng, canvas: Image.Image, step: float) -> Image.Image:
    """Blur along a line."""
    way = rng.uniform(-1, 1, 2) * 2 * step * SUPERSAMPLING
    moved = [np.asarray(canvas.transform(canvas.size, Image.Transform.AFFINE, (1, 0, way[0] * t, 0, 1, way[1] * t)),
                        np.float32) for t in np.linspace(-0.5, 0.5, 7)]  # fmt: skip
    return Image.fromarray(np.mean(moved, axis=0).astype(np.uint8))
