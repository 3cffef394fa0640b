"""Drawn flat artwork with known alpha and colours: wordmarks, logos, text, sprites, screenshots, shadows.

Each kind is drawn at four times its size, reduced in premultiplied colours, and laid on one exact colour.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.common import load_photograph
from mattebox.types import Floats

OVERSAMPLING = 4
WHITE, NAVY, RED, TEAL, CREAM = (255, 255, 255), (20, 33, 84), (214, 40, 57), (0, 128, 128), (250, 243, 221)
SPRITE_COLOURS = [(26, 28, 44), (177, 62, 83), (239, 125, 87), (255, 205, 117), (56, 183, 100), (59, 93, 201)]


class ArtworkScene(NamedTuple):
    """A picture (H x W x 3 uint8) on one exact colour, with the artwork's true alpha and straight colours, 0..1."""

    rgb: np.ndarray
    alpha: Floats
    colours: Floats


def draw_artwork(kind: str) -> ArtworkScene:
    """One of ARTWORK_KINDS."""
    draw, backdrop = ARTWORK_KINDS[kind]
    return lay_on_colour(draw(), backdrop)


def lay_on_colour(rgba: Floats, backdrop: tuple[int, int, int]) -> ArtworkScene:
    """H x W x 4 artwork, straight and 0..1, on a colour."""
    alpha = rgba[..., 3:]
    blended = alpha * rgba[..., :3] + (1 - alpha) * np.array(backdrop, np.float32) / 255
    return ArtworkScene(np.rint(blended * 255).astype(np.uint8), rgba[..., 3], rgba[..., :3])


def compress_as_jpeg(scene: ArtworkScene, quality: int, subsampling: int = 2) -> ArtworkScene:
    """The scene after JPEG compression, with the same truth."""
    file = io.BytesIO()
    Image.fromarray(scene.rgb).save(file, "jpeg", quality=quality, subsampling=subsampling)
    return scene._replace(rgb=np.asarray(Image.open(file).convert("RGB")))


def reduce_palette(scene: ArtworkScene, colours: int) -> ArtworkScene:
    """The scene in a palette of so many colours, without dithering, with the same truth."""
    quantised = Image.fromarray(scene.rgb).quantize(colours, dither=Image.Dither.NONE)
    return scene._replace(rgb=np.asarray(quantised.convert("RGB")))


def _canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGBA", (width * OVERSAMPLING, height * OVERSAMPLING), (0, 0, 0, 0))
    return image, ImageDraw.Draw(image)


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * OVERSAMPLING)


def _reduce(image: Image.Image) -> Floats:
    """The oversampled RGBA image at its size, straight and 0..1."""
    rgba = np.asarray(image, np.float32) / 255
    rgba[..., :3] *= rgba[..., 3:]
    height, width = rgba.shape[0] // OVERSAMPLING, rgba.shape[1] // OVERSAMPLING
    small = rgba.reshape(height, OVERSAMPLING, width, OVERSAMPLING, 4).mean(axis=(1, 3))
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    return np.ascontiguousarray(small)


def _scale(*values: float) -> tuple[float, ...]:
    return tuple(v * OVERSAMPLING for v in values)


def _wordmark() -> Floats:
    image, draw = _canvas(480, 160)
    draw.text(_scale(24, 24), "BOARD&Co", NAVY, _font(90))
    return _reduce(image)


def _small_text() -> Floats:
    image, draw = _canvas(420, 200)
    for row in range(8):
        draw.text(_scale(14, 10 + 22 * row), "Quick brown foxes, 09:45 @ 68 % (ago)", NAVY, _font(11 + row % 3))
    return _reduce(image)


def _badge() -> Floats:
    image, draw = _canvas(400, 400)
    draw.ellipse(_scale(40, 40, 360, 360), RED)
    draw.ellipse(_scale(90, 90, 310, 310), (0, 0, 0, 0))
    draw.polygon(_scale(200, 110, 275, 280, 125, 280), TEAL)
    draw.ellipse(_scale(175, 200, 225, 250), (0, 0, 0, 0))
    return _reduce(image)


def _gradient() -> Floats:
    image, draw = _canvas(420, 300)
    draw.rounded_rectangle(_scale(50, 50, 370, 250), OVERSAMPLING * 60, (255, 255, 255))
    draw.text(_scale(120, 90), "go", (0, 0, 0, 0), _font(110))
    rgba = _reduce(image)
    x, y = np.meshgrid(np.linspace(0, 1, 420), np.linspace(0, 1, 300))
    ramp = np.stack([0.15 + 0.7 * x, 0.2 + 0.3 * y, 0.9 - 0.5 * x], axis=2)
    rgba[..., :3] = ramp
    return rgba


def _drop_shadow() -> Floats:
    image, draw = _canvas(400, 320)
    draw.rounded_rectangle(_scale(70, 60, 310, 230), OVERSAMPLING * 24, TEAL)
    front = _reduce(image)
    shadow = Image.fromarray((front[..., 3] * 255).astype(np.uint8)).transform(
        (400, 320), Image.Transform.AFFINE, (1, 0, -10, 0, 1, -14)
    )
    veil = np.asarray(shadow.filter(ImageFilter.GaussianBlur(10)), np.float32) / 255 * 0.45
    alpha = front[..., 3] + (1 - front[..., 3]) * veil
    colours = front[..., :3] * front[..., 3:] / np.maximum(alpha, 1e-6)[..., None]
    return np.concatenate([colours, alpha[..., None]], axis=2)


def _sprite(rng: np.random.Generator, side: int) -> np.ndarray:
    """A mirrored creature with a dark outline, side x side x 4 uint8."""
    body = rng.random((side - 4, side // 2 - 2)) < np.linspace(0.3, 0.95, side // 2 - 2)
    body = np.pad(np.concatenate([body, body[:, ::-1]], axis=1), 2)
    grown = body.copy()
    for axis in (0, 1):
        for shift in (-1, 1):
            grown |= np.roll(body, shift, axis)
    chosen = np.array(SPRITE_COLOURS[1:])[rng.integers(0, len(SPRITE_COLOURS) - 1, (side, side // 2))]
    rgb = np.where(body[..., None], np.concatenate([chosen, chosen[:, ::-1]], axis=1), SPRITE_COLOURS[0])
    return np.concatenate([rgb, 255 * grown[..., None]], axis=2).astype(np.uint8)


def _sprite_sheet() -> Floats:
    rng = np.random.default_rng(3)
    rows = [np.concatenate([_sprite(rng, 24) for _ in range(8)], axis=1) for _ in range(5)]
    return np.concatenate(rows).astype(np.float32) / 255


def _enlarged_sprite() -> Floats:
    sprite = _sprite(np.random.default_rng(5), 32).astype(np.float32) / 255
    return np.repeat(np.repeat(sprite, 8, 0), 8, 1)


def _screenshot() -> Floats:
    image, draw = _canvas(520, 360)
    draw.rounded_rectangle(_scale(40, 30, 480, 330), OVERSAMPLING * 10, (246, 246, 248), (190, 190, 196), OVERSAMPLING)
    draw.rectangle(_scale(41, 40, 479, 60), (226, 226, 231))
    for number, colour in enumerate([(255, 95, 87), (254, 188, 46), (40, 200, 64)]):
        draw.ellipse(_scale(52 + 18 * number, 44, 64 + 18 * number, 56), colour)
    for row in range(7):
        draw.text(_scale(60, 80 + 20 * row), f"Item {row + 1}: settings and more", (40, 40, 46), _font(12))
    photograph = Image.fromarray(load_photograph("astronaut")).resize((160 * OVERSAMPLING, 160 * OVERSAMPLING))
    image.paste(photograph, (290 * OVERSAMPLING, 90 * OVERSAMPLING))
    return _reduce(image)


def _line_drawing() -> Floats:
    image, draw = _canvas(400, 300)
    for radius in (30, 62, 95, 130):
        box = _scale(200 - radius, 150 - 0.8 * radius, 200 + radius, 150 + 0.8 * radius)
        draw.ellipse(box, None, (30, 30, 30), round(1.5 * OVERSAMPLING))
    draw.line(_scale(20, 280, 380, 20), RED, round(2 * OVERSAMPLING))
    draw.line(_scale(20, 20, 380, 280), NAVY, OVERSAMPLING)
    return _reduce(image)


def _glyph() -> Floats:
    image, draw = _canvas(256, 256)
    draw.ellipse(_scale(60, 40, 160, 140), WHITE)
    draw.ellipse(_scale(85, 65, 135, 115), (0, 0, 0, 0))
    draw.line(_scale(145, 125, 215, 205), WHITE, 26 * OVERSAMPLING)
    return _reduce(image)


def _chart() -> Floats:
    image, draw = _canvas(440, 300)
    for number, height in enumerate([80, 150, 120, 210, 60]):
        colour = SPRITE_COLOURS[number + 1]
        draw.rectangle(_scale(70 + 66 * number, 250 - height, 115 + 66 * number, 250), colour)
        draw.text(_scale(78 + 66 * number, 256), f"{height}", (60, 60, 60), _font(14))
    draw.line(_scale(50, 250.5, 410, 250.5), (60, 60, 60), OVERSAMPLING)
    return _reduce(image)


ARTWORK_KINDS: dict[str, tuple[Callable[[], Floats], tuple[int, int, int]]] = {
    "wordmark": (_wordmark, WHITE), "small text": (_small_text, CREAM), "badge": (_badge, WHITE),
    "gradient": (_gradient, WHITE), "drop shadow": (_drop_shadow, WHITE), "enlarged sprite": (_enlarged_sprite, WHITE),
    "sprite sheet": (_sprite_sheet, (255, 0, 255)), "screenshot": (_screenshot, (58, 110, 165)),
    "line drawing": (_line_drawing, WHITE), "glyph": (_glyph, (51, 102, 204)), "chart": (_chart, WHITE),
}  # fmt: skip
