"""Drawn pictures of text: pages, and a few large words, as they are scanned, photographed and posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

LETTERS = "etaoinshrdlucmfwypvbgk"
PAPER_COLOURS = ("white", "white", "white", "#fbfaf5", "#f3efe4", "#eceae6", "#fffff0")
PAGE_WIDTH = 620  # pixels of a drawn page
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Pen:
    """A source of chance and the fonts that are installed."""

    random: Random
    fonts: Sequence[Path]

    def font(self, size: int) -> ImageFont.FreeTypeFont:
        return _open_font(self.random.choice(self.fonts), max(size, 6))

    def words(self, count: int) -> str:
        return " ".join(self.word() for _ in range(count))

    def word(self) -> str:
        text = "".join(self.random.choice(LETTERS) for _ in range(self.random.randint(2, 9)))
        return text.capitalize() if self.random.random() < 0.15 else text

    def colour(self, low: int = 0, high: int = 255) -> Colour:
        red, green, blue = (self.random.randint(low, high) for _ in range(3))
        return red, green, blue

    def chance(self, share: float) -> bool:
        return self.random.random() < share


@lru_cache(maxsize=1000)
def _open_font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def draw_page(pen: Pen) -> Image.Image:
    """A page of paper, with headings, paragraphs, columns, tables or a form."""
    size = PAGE_WIDTH, round(PAGE_WIDTH * pen.random.choice((1.414, 1.29, 0.75, 1.0, 1.8, 2.4)))
    page = Image.new("RGB", size, pen.random.choice(PAPER_COLOURS))
    draw = ImageDraw.Draw(page)
    margin, y = pen.random.randint(25, 80), pen.random.randint(25, 90)
    columns = pen.random.choice((1, 1, 1, 2, 3))
    ink: Colour = pen.random.choice(((0, 0, 0), (40, 40, 45), (20, 30, 80)))
    if pen.chance(0.7):
        draw.text((margin, y), pen.words(pen.random.randint(1, 4)).title(), ink, pen.font(pen.random.randint(20, 40)))
        y += 60
    top, width = y, (size[0] - 2 * margin) // columns
    for column in range(columns):
        y = top
        while y < size[1] * pen.random.uniform(0.75, 0.97) - 20:
            y = _draw_block(draw, pen, ink, margin + column * width, y, width - 16)
    return page


def _draw_block(draw: ImageDraw.ImageDraw, pen: Pen, ink: Colour, x: int, y: int, width: int) -> int:
    """A paragraph, a table or a ruled field; where the next one begins."""
    kind, height = pen.random.random(), pen.random.randint(10, 17)
    font = pen.font(height)
    if kind < 0.72:
        for _ in range(pen.random.randint(2, 9)):
            draw.text((x, y), _fitting(pen, font, width * pen.random.uniform(0.55, 1)), ink, font)
            y += round(height * 1.4)
        return y + height
    if kind < 0.88:
        rows, columns = pen.random.randint(3, 8), pen.random.randint(2, 5)
        for row in range(rows):
            for column in range(columns):
                cell = x + column * width // columns
                draw.rectangle((cell, y, cell + width // columns, y + height + 8), outline=ink)
                draw.text((cell + 4, y + 3), str(pen.random.randint(0, 9999)) if row else pen.word(), ink, font)
            y += height + 8
        return y + height
    draw.text((x, y), f"{pen.word().title()}:", ink, font)
    draw.line((x + width // 3, y + height, x + width, y + height), fill=ink)
    return y + 3 * height


def _fitting(pen: Pen, font: ImageFont.FreeTypeFont, width: float) -> str:
    return pen.words(max(1, int(width / (font.size * 3.1))))


def draw_document(pen: Pen, backgrounds: Sequence[Image.Image]) -> Image.Image:
    """A page as scanned, or photographed on something, by uneven light and from the side."""
    page = draw_page(pen)
    if pen.chance(0.3):
        page = page.convert("L").convert("RGB")
    if pen.chance(0.55):
        page = page.rotate(pen.random.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor="white")
        if pen.chance(0.5):
            page = _crop_part(page, pen)
        return add_camera_faults(page, pen, light=pen.random.choice((0.03, 0.06, 0.3)))
    below = pen.random.choice(backgrounds).convert("RGB").resize((900, 900))
    scale = pen.random.uniform(0.62, 0.98)
    page.thumbnail((round(900 * scale), round(900 * scale)))
    mask = Image.new("L", page.size, 255)
    angle = pen.random.uniform(-14, 14)
    page, mask = (layer.rotate(angle, Image.Resampling.BICUBIC, expand=True) for layer in (page, mask))
    corner = [round((900 - side) * pen.random.uniform(0.2, 0.8)) for side in page.size]
    below.paste(page, (corner[0], corner[1]), mask)
    return add_camera_faults(_tilt(below, pen), pen, light=pen.random.uniform(0.05, 0.3))


def _crop_part(page: Image.Image, pen: Pen) -> Image.Image:
    """A part of a page, from near."""
    width, height = page.size
    across, down = round(width * pen.random.uniform(0.4, 1)), round(height * pen.random.uniform(0.15, 0.7))
    left, top = pen.random.randint(0, width - across), pen.random.randint(0, height - down)
    return page.crop((left, top, left + across, top + down))


def _tilt(picture: Image.Image, pen: Pen) -> Image.Image:
    """Seen from the side a little."""
    width, height = picture.size
    near, far = pen.random.uniform(0, 0.12) * width, pen.random.uniform(0, 0.12) * height
    corners = (near, 0, 0, height, width, height - far, width - near, far)
    return picture.transform((width, height), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


def draw_lettering(pen: Pen, backgrounds: Sequence[Image.Image]) -> Image.Image:
    """A few large words: signs, posters, quotes and price tags."""
    width, height = pen.random.choice(((640, 640), (800, 450), (500, 700), (800, 300)))
    on_photo = pen.chance(0.3)
    picture = (
        pen.random.choice(backgrounds).convert("RGB").resize((width, height)).filter(ImageFilter.GaussianBlur(3))
        if on_photo
        else Image.new("RGB", (width, height), pen.colour())
    )
    draw = ImageDraw.Draw(picture)
    dark = np.asarray(picture).mean() > 128
    ink = pen.colour(0, 70) if dark else pen.colour(190, 255)
    if pen.chance(0.3):
        draw.rectangle((12, 12, width - 12, height - 12), outline=ink, width=pen.random.randint(3, 12))
    lines = pen.random.randint(1, 5)
    size = round(height / lines * pen.random.uniform(0.4, 0.75))
    for line in range(lines):
        text = pen.words(pen.random.randint(1, 3))
        text = text.upper() if pen.chance(0.5) else text
        font = pen.font(min(size, round(width * 1.5 / max(len(text), 1))))
        middle = (width / 2, height * (line + 0.5) / lines)
        draw.text(middle, text, ink, font, anchor="mm")
    if pen.chance(0.2):
        picture = picture.convert("L").convert("RGB")
    if pen.chance(0.3):
        picture = picture.rotate(pen.random.uniform(-8, 8), Image.Resampling.BICUBIC, fillcolor=pen.colour())
    return add_camera_faults(picture, pen, light=pen.random.uniform(0, 0.15))


def add_camera_faults(picture: Image.Image, pen: Pen, light: float) -> Image.Image:
    """Uneven light, blur and noise, in some of the pictures."""
    pixels = np.asarray(picture, np.float32)
    height, width = pixels.shape[:2]
    slope = pen.random.uniform(-1, 1), pen.random.uniform(-1, 1)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    pixels = pixels * (1 - light + light * (slope[0] * x + slope[1] * y))[..., None]
    if pen.chance(0.5):
        noise = np.random.default_rng(pen.random.getrandbits(32)).normal(0, pen.random.uniform(1, 7), pixels.shape)
        pixels = pixels + noise
    faulty = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return faulty.filter(ImageFilter.GaussianBlur(pen.random.uniform(0.3, 1.3))) if pen.chance(0.4) else faulty
