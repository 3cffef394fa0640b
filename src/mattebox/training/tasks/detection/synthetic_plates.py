"""Number plates drawn as several countries have them, and put into photographs in perspective."""

from __future__ import annotations

import random
import string
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from mattebox.types import Floats

Colour = tuple[int, int, int]

PLATE_HEIGHT = 48  # pixels at which plates are drawn
ASPECT_RATIOS = (4.64, 4.64, 4.6, 3.2, 2.0, 1.9, 1.5, 2.6, 5.2)  # Europe, North America, motorcycles, Asia
MIN_PLATE_SPREAD = 8.0  # of grey values on a plate
LOOKS: tuple[tuple[Colour, Colour], ...] = (
    *[((238, 238, 234), (20, 20, 24))] * 9, *[((238, 238, 234), (30, 60, 140))] * 3,
    *[((240, 196, 32), (18, 18, 18))] * 3, *[((24, 26, 30), (230, 230, 225))] * 2, ((36, 78, 160), (240, 240, 240)),
    ((150, 190, 150), (20, 60, 40)), ((190, 40, 40), (240, 240, 240)), ((238, 238, 234), (160, 30, 40)),
)  # fmt: skip
PATTERNS = (
    "LL 00 LLL",
    "LLL 000",
    "000 LLL",
    "L 000 LL 00",
    "LL00 LLL",
    "00-00-LL",
    "0000 LLL",
    "LL-000-LL",
    "LLL-0000",
)
BAND_COLOUR: Colour = (20, 60, 160)


def draw_plate(draw: random.Random) -> Image.Image:
    """A plate seen from the front, RGB."""
    aspect, (ground, ink) = draw.choice(ASPECT_RATIOS), draw.choice(LOOKS)
    width, is_two_lined = round(PLATE_HEIGHT * aspect), aspect < 2.4
    plate = Image.new("RGB", (width, PLATE_HEIGHT), _vary(ground, draw))
    pen, left = ImageDraw.Draw(plate), 3
    if not is_two_lined and draw.random() < 0.45:
        left = round(0.1 * width)
        pen.rectangle([0, 0, left - 3, PLATE_HEIGHT], fill=_vary(BAND_COLOUR, draw))
    text = "".join(_draw_character(c, draw) for c in draw.choice(PATTERNS))
    lines = [text[: len(text) // 2].strip(), text[len(text) // 2 :].strip()] if is_two_lined else [text]
    row_height = PLATE_HEIGHT / len(lines)
    for i, line in enumerate(lines):
        _write(plate, line, (left, round(i * row_height), width - 2, round((i + 1) * row_height)), ink, draw)
    if draw.random() < 0.35 and not is_two_lined:
        _write(plate, "".join(draw.choices(string.ascii_uppercase, k=9)), (width // 4, 0, width * 3 // 4, 9), ink, draw)
    if draw.random() < 0.7:
        pen.rectangle(
            [0, 0, width - 1, PLATE_HEIGHT - 1], outline=_vary(draw.choice([ink, (20, 20, 20)]), draw), width=2
        )
    return plate


def _draw_character(placeholder: str, draw: random.Random) -> str:
    alphabet = {"L": string.ascii_uppercase, "0": string.digits}.get(placeholder, placeholder)
    return draw.choice(alphabet)


def _vary(colour: Colour, draw: random.Random) -> Colour:
    red, green, blue = (max(0, min(255, v + draw.randint(-22, 14))) for v in colour)
    return red, green, blue


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _write(plate: Image.Image, text: str, box: tuple[int, int, int, int], ink: Colour, draw: random.Random) -> None:
    """Write a line of bold text as large as a box allows."""
    font, stroke = _font(40), draw.choice([0, 1, 2])
    left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
    line = Image.new("L", (max(1, round(right - left)), max(1, round(bottom - top))))
    ImageDraw.Draw(line).text((-left, -top), text, fill=255, font=font, stroke_width=stroke)
    margin = draw.uniform(0.1, 0.2) * (box[3] - box[1])
    width, height = max(1, round(box[2] - box[0] - 2 * margin)), max(1, round(box[3] - box[1] - 2 * margin))
    line = line.resize((width, height), Image.Resampling.BILINEAR)
    plate.paste(ink, (round(box[0] + margin), round(box[1] + margin)), line)


def random_quadrilateral(width: float, centre: tuple[float, float], aspect: float, draw: random.Random) -> Floats:
    """Corners of a plate as a camera sees it, 4 x 2 float32: top left, top right, bottom right, bottom left."""
    height = width / aspect
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * (width / 2, height / 2)
    turn = draw.gauss(0, 0.08) if draw.random() < 0.75 else draw.gauss(0, 0.3)  # a few on motorcycles that lean, or so
    corners[:, 0] *= draw.uniform(0.62, 1.0)  # seen from the side
    corners[:, 1] += corners[:, 0] * draw.gauss(0, 0.12)  # and from above
    corners[[1, 2] if draw.random() < 0.5 else [0, 3], 1] *= draw.uniform(0.82, 1.0)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], np.float32)
    return np.asarray(corners @ rotation + np.array(centre), np.float32)


def match_light(plate: Image.Image, seen: Image.Image, draw: random.Random) -> Image.Image:
    """A drawn plate with the brightness, colour and contrast of a photographed one, about."""
    wanted, drawn = (np.asarray(image).reshape(-1, 3).astype(np.float32) for image in (seen, plate))
    spread = max(float(wanted.mean(1).std()), MIN_PLATE_SPREAD) * draw.uniform(0.8, 1.5)
    gain = spread / max(float(drawn.mean(1).std()), 1.0)
    cast = wanted.mean(0) - wanted.mean() + draw.uniform(0.0, 0.6) * gain * (drawn.mean(0) - drawn.mean())
    grey = (np.asarray(plate).astype(np.float32).mean(2, keepdims=True) - drawn.mean()) * gain + wanted.mean()
    own = (np.asarray(plate).astype(np.float32) - np.asarray(plate).mean(2, keepdims=True)) * gain * draw.uniform(0, 1)
    return Image.fromarray(np.clip(grey + cast + own, 0, 255).astype(np.uint8))


def draw_light(plate: Image.Image, draw: random.Random) -> Image.Image:
    """A drawn plate in any light: by night, in glare, faint behind a pane, with a cast."""
    grey = np.asarray(plate).astype(np.float32)
    mean, cast = draw.uniform(25, 225), np.array([draw.gauss(0, 12) for _ in range(3)], np.float32)
    lit = (grey - grey.mean()) * draw.uniform(0.2, 1.0) + mean + cast
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def paste_plate(
    picture: Image.Image, plate: Image.Image, corners: Floats, draw: random.Random, *, lit: bool = False
) -> None:
    """Put a plate into a picture, in place: its corners at these, in the light that is there, unless it is `lit`."""
    left, top = np.floor(corners.min(0)).astype(int).tolist()
    right, bottom = np.ceil(corners.max(0)).astype(int).tolist()
    size = max(1, right - left), max(1, bottom - top)
    factor = max(1, min(4, round(PLATE_HEIGHT / max(size[1], 1))))  # drawn larger and averaged: no aliasing
    coefficients = _perspective((corners - (left, top)) * factor, plate.size)
    large = size[0] * factor, size[1] * factor
    warped = plate.transform(large, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
    cover = Image.new("L", plate.size, 255).transform(large, Image.Transform.PERSPECTIVE, coefficients)
    around = picture.crop((left - size[0] // 4, top - size[1], right + size[0] // 4, bottom + size[1]))
    light = 0.35 + 0.85 * float(np.asarray(around.resize((8, 8))).mean()) / 255 + draw.uniform(-0.12, 0.2)
    factors = 1.0 if lit else light * _colour_cast(around, draw)
    pixels = np.clip(np.asarray(warped).astype(np.float32) * factors, 0, 255).astype(np.uint8)
    warped = Image.fromarray(pixels).resize(size, Image.Resampling.BOX)
    if draw.random() < 0.6:
        warped = warped.filter(ImageFilter.GaussianBlur(draw.uniform(0.02, 0.12) * size[1]))
    picture.paste(warped, (left, top), cover.resize(size, Image.Resampling.BOX))


def _colour_cast(around: Image.Image, draw: random.Random) -> Floats:
    """Gain of each channel, from none to that of what is around: through a tinted pane all is tinted."""
    mean = np.asarray(around.resize((1, 1), Image.Resampling.BOX)).reshape(3).astype(np.float32) + 8
    share = draw.choice([0.0, draw.uniform(0, 0.5), draw.uniform(0.5, 1)])
    return np.asarray((mean / mean.mean()) ** share, np.float32)


def _perspective(corners: Floats, size: tuple[int, int]) -> list[float]:
    """Coefficients that map the output's corners to those of a picture of `size` (width, height)."""
    width, height = size
    rows: list[list[float]] = []
    values: list[float] = []
    for (x, y), (u, v) in zip(corners.tolist(), [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solution: NDArray[np.float64] = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return [float(v) for v in solution]


def bounding_box(corners: Floats) -> Floats:
    """Left, top, right and bottom of corners."""
    return np.concatenate([corners.min(0), corners.max(0)]).astype(np.float32)
