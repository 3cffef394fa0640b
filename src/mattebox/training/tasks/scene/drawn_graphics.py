"""Drawn screenshots and illustrations: windows, phones, terminals; flat scenes, figures, charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFilter

from mattebox.training.tasks.scene.drawn_text import Colour, Pen

Theme = tuple[Colour, Colour, Colour]


def draw_screenshot(pen: Pen, photographs: Sequence[Image.Image]) -> Image.Image:
    """A window, a page in a browser, a phone's screen or a terminal."""
    kind = pen.random.random()
    is_dark = pen.chance(0.35)
    shade = pen.random.randint(18, 50) if is_dark else pen.random.randint(235, 255)
    theme = (shade, shade, shade), pen.colour(170, 240) if is_dark else pen.colour(0, 80), pen.colour()
    if kind < 0.2:
        return _draw_terminal(pen, theme)
    size = (420, pen.random.choice((747, 840, 910))) if kind < 0.45 else pen.random.choice(((1000, 640), (900, 700)))
    return _draw_window(pen, theme, size, photographs)


def _draw_terminal(pen: Pen, theme: Theme) -> Image.Image:
    size = pen.random.choice(((900, 560), (760, 640), (1100, 500)))
    picture = Image.new("RGB", size, theme[0])
    draw, font = ImageDraw.Draw(picture), pen.font(pen.random.randint(11, 17))
    y = pen.random.choice((8, 36))
    draw.rectangle((0, 0, size[0], y - 8), fill=theme[2])
    inks = [theme[1], theme[1], pen.colour(60, 220), pen.colour(60, 220)]
    while y < size[1] - 16:
        x = 10 + pen.random.choice((0, 0, 24, 48))
        for _ in range(pen.random.randint(0, 4)):
            text = pen.words(pen.random.randint(1, 3))
            draw.text((x, y), text, pen.random.choice(inks), font)
            x += round(draw.textlength(text, font)) + 10
        y += round(font.size * 1.35)
    return picture


def _draw_window(pen: Pen, theme: Theme, size: tuple[int, int], photographs: Sequence[Image.Image]) -> Image.Image:
    picture = Image.new("RGB", size, theme[0])
    draw = ImageDraw.Draw(picture)
    width, height = size
    bar = pen.random.randint(26, 64)
    draw.rectangle((0, 0, width, bar), fill=theme[2])
    draw.text((14, bar // 4), pen.words(2), "white" if sum(theme[2]) < 380 else "black", pen.font(bar // 3))
    left = 0
    if width > 700 and pen.chance(0.6):
        left = pen.random.randint(120, 240)
        edge = tuple(round(0.92 * c) for c in theme[0])
        draw.rectangle((0, bar, left, height), fill=edge)
        for row in range(pen.random.randint(4, 12)):
            draw.text((16, bar + 16 + 30 * row), pen.words(pen.random.randint(1, 2)), theme[1], pen.font(13))
    parts: tuple[Callable[..., int], ...] = (_draw_text, _draw_text, _draw_buttons, _draw_fields, _draw_cards)
    y = bar + 18
    while y < height - 60:
        y = pen.random.choice(parts)(picture, draw, pen, theme, left + 18, y, width - left - 36, photographs)
    return picture


def _draw_text(
    picture: Image.Image, draw: ImageDraw.ImageDraw, pen: Pen, theme: Theme, x: int, y: int, width: int,
    photographs: Sequence[Image.Image],
) -> int:  # fmt: skip
    font = pen.font(pen.random.choice((12, 13, 14, 15, 22)))
    for _ in range(pen.random.randint(1, 5)):
        draw.text(
            (x, y), pen.words(max(1, round(width * pen.random.uniform(0.3, 0.9) / font.size / 3.2))), theme[1], font
        )
        y += round(font.size * 1.5)
    return y + 14


def _draw_buttons(
    picture: Image.Image, draw: ImageDraw.ImageDraw, pen: Pen, theme: Theme, x: int, y: int, width: int,
    photographs: Sequence[Image.Image],
) -> int:  # fmt: skip
    for _ in range(pen.random.randint(1, 4)):
        side = pen.random.randint(60, 140)
        fill = theme[2] if pen.chance(0.5) else None
        draw.rounded_rectangle((x, y, x + side, y + 32), pen.random.choice((2, 6, 16)), fill, theme[1])
        draw.text((x + side / 2, y + 16), pen.word(), theme[1], pen.font(13), anchor="mm")
        x += side + 14
    return y + 50


def _draw_fields(
    picture: Image.Image, draw: ImageDraw.ImageDraw, pen: Pen, theme: Theme, x: int, y: int, width: int,
    photographs: Sequence[Image.Image],
) -> int:  # fmt: skip
    grey = tuple((a + b) // 2 for a, b in zip(theme[0], theme[1], strict=True))
    for _ in range(pen.random.randint(2, 7)):
        draw.line((x, y + 34, x + width, y + 34), fill=grey)
        draw.ellipse((x, y + 6, x + 22, y + 28), fill=pen.colour())
        draw.text((x + 34, y + 8), pen.words(pen.random.randint(1, 4)), theme[1], pen.font(13))
        y += 38
    return y + 12


def _draw_cards(
    picture: Image.Image, draw: ImageDraw.ImageDraw, pen: Pen, theme: Theme, x: int, y: int, width: int,
    photographs: Sequence[Image.Image],
) -> int:  # fmt: skip
    count = max(1, width // 210)
    side = width // count - 14
    for column in range(count):
        left = x + column * (side + 14)
        card = pen.random.choice(photographs).convert("RGB").resize((side, round(side * 0.66)))
        picture.paste(card, (left, y))
        draw.text((left, y + round(side * 0.7)), pen.words(2), theme[1], pen.font(13))
    return y + round(side * 0.66) + 46


def draw_illustration(pen: Pen) -> Image.Image:
    """A flat scene, a figure, a pattern, a chart or a drawing in lines."""
    kind = pen.random.choice(
        (_draw_landscape, _draw_figure, _draw_figure, _draw_chart, _draw_lines, _draw_pattern, _draw_logo)
    )
    size = pen.random.choice(((700, 700), (900, 600), (600, 850)))
    scale = 2
    picture = kind(pen, (size[0] * scale, size[1] * scale)).resize(size, Image.Resampling.LANCZOS)
    return picture.filter(ImageFilter.GaussianBlur(pen.random.uniform(0, 0.8)))


def _canvas(pen: Pen, size: tuple[int, int]) -> Image.Image:
    if pen.chance(0.4):
        return Image.new("RGB", size, pen.random.choice(("white", "#faf6ef", pen.colour(200, 255))))
    top, bottom = Image.new("RGB", size, pen.colour()), Image.new("RGB", size, pen.colour())
    return Image.composite(top, bottom, Image.linear_gradient("L").resize(size))


def _draw_landscape(pen: Pen, size: tuple[int, int]) -> Image.Image:
    picture = _canvas(pen, size)
    draw, (width, height) = ImageDraw.Draw(picture), size
    radius = width * pen.random.uniform(0.04, 0.15)
    _draw_disc(draw, width * pen.random.random(), height * pen.random.uniform(0.1, 0.4), radius, pen.colour(120))
    for layer in range(pen.random.randint(2, 5)):
        base, phase = height * (0.45 + 0.13 * layer), pen.random.uniform(0, 6)
        wave = height * pen.random.uniform(0.03, 0.15)
        points = [
            (x, base + wave * math.sin(phase + x / width * pen.random.choice((5, 5, 9))))
            for x in range(0, width + 1, width // 24)
        ]
        draw.polygon([*points, (width, height), (0, height)], fill=pen.colour())
    for _ in range(pen.random.randint(0, 9)):
        x, y, tall = (
            width * pen.random.random(),
            height * pen.random.uniform(0.6, 0.95),
            height * pen.random.uniform(0.08, 0.25),
        )
        draw.rectangle((x - tall / 20, y - tall / 3, x + tall / 20, y), fill=pen.colour(20, 110))
        draw.polygon(
            [(x - tall / 3, y - tall / 3), (x + tall / 3, y - tall / 3), (x, y - tall)], fill=pen.colour(20, 160)
        )
    return picture


def _draw_figure(pen: Pen, size: tuple[int, int]) -> Image.Image:
    """A character of discs and rounded boxes, with eyes, some with outlines as in comics."""
    picture = _canvas(pen, size)
    draw, (width, height) = ImageDraw.Draw(picture), size
    edge = (0, 0, 0) if pen.chance(0.6) else None
    thick = pen.random.randint(5, 16)
    for _ in range(pen.random.randint(1, 3)):
        x, unit = width * pen.random.uniform(0.25, 0.75), height * pen.random.uniform(0.1, 0.2)
        y, skin, cloth = height * pen.random.uniform(0.35, 0.5), pen.colour(90, 255), pen.colour()
        for side in (-1, 1):
            draw.line(
                (x, y + 1.4 * unit, x + side * unit * 1.5, y + unit * pen.random.uniform(1, 3)), cloth, round(unit / 3)
            )
            draw.line((x + side * unit / 3, y + 2.6 * unit, x + side * unit / 2, y + 4 * unit), cloth, round(unit / 3))
        draw.rounded_rectangle(
            (x - unit * 0.8, y + unit * 0.8, x + unit * 0.8, y + 2.8 * unit), unit / 2, cloth, edge, thick
        )
        draw.ellipse((x - unit, y - unit, x + unit, y + unit), skin, edge, thick)
        for side in (-1, 1):
            _draw_disc(draw, x + side * unit * 0.4, y - unit * 0.1, unit * 0.22, (255, 255, 255))
            _draw_disc(draw, x + side * unit * 0.4, y - unit * 0.1, unit * 0.1, (0, 0, 0))
            if pen.chance(0.5):
                _draw_disc(draw, x + side * unit * 0.9, y - unit * 0.9, unit * 0.4, skin)
        draw.arc((x - unit / 2, y, x + unit / 2, y + unit * 0.7), 10, 170, (120, 20, 20), thick)
    return picture


def _draw_chart(pen: Pen, size: tuple[int, int]) -> Image.Image:
    picture = Image.new("RGB", size, pen.random.choice(("white", "#f7f7f7", "#222222")))
    draw, (width, height) = ImageDraw.Draw(picture), size
    ink = "white" if picture.getpixel((0, 0)) == (34, 34, 34) else "black"
    draw.line((width * 0.1, height * 0.1, width * 0.1, height * 0.9, width * 0.95, height * 0.9), ink, 4)
    draw.text((width * 0.3, height * 0.03), pen.words(3), ink, pen.font(height // 26))
    count, colours = pen.random.randint(4, 9), [pen.colour() for _ in range(3)]
    for index in range(count):
        x, tall = width * (0.13 + 0.8 * index / count), height * pen.random.uniform(0.1, 0.7)
        draw.rectangle((x, height * 0.9 - tall, x + width * 0.5 / count, height * 0.9), fill=colours[index % 3])
        draw.text((x, height * 0.91), pen.word()[:5], ink, pen.font(height // 40))
    return picture


def _draw_lines(pen: Pen, size: tuple[int, int]) -> Image.Image:
    """A drawing in lines on paper."""
    picture = Image.new("RGB", size, pen.random.choice(("white", "#f6f1e6", "#efefef")))
    draw, (width, height) = ImageDraw.Draw(picture), size
    ink = pen.colour(0, 70)
    for _ in range(pen.random.randint(6, 30)):
        x, y, radius = (
            width * pen.random.uniform(0.2, 0.8),
            height * pen.random.uniform(0.2, 0.8),
            width * pen.random.uniform(0.02, 0.22),
        )
        start = pen.random.uniform(0, 360)
        box = (x - radius, y - radius * pen.random.uniform(0.4, 1), x + radius, y + radius)
        draw.arc(box, start, start + pen.random.uniform(60, 360), ink, pen.random.randint(2, 9))
    return picture


def _draw_logo(pen: Pen, size: tuple[int, int]) -> Image.Image:
    """A few shapes of one or two colours in the middle of a flat background, most of them with a word below."""
    picture = Image.new("RGB", size, pen.random.choice(("white", "white", "black", pen.colour())))
    draw, (width, height) = ImageDraw.Draw(picture), size
    colours = [pen.colour() for _ in range(pen.random.randint(1, 3))]
    unit = min(size) * pen.random.uniform(0.08, 0.22)
    for _ in range(pen.random.randint(1, 5)):
        x, y = (side / 2 + pen.random.uniform(-1, 1) * unit for side in size)
        corners, fill = pen.random.choice((0, 3, 4, 5, 6, 8)), pen.random.choice(colours)
        if corners:
            draw.regular_polygon((x, y, unit), corners, pen.random.uniform(0, 90), fill)
        elif pen.chance(0.5):
            _draw_disc(draw, x, y, unit, fill)
        else:
            draw.arc((x - unit, y - unit, x + unit, y + unit), 0, pen.random.uniform(120, 360), fill, round(unit / 3))
    if pen.chance(0.6):
        draw.text(
            (width / 2, height / 2 + 2.6 * unit), pen.word().title(), colours[0], pen.font(round(unit)), anchor="mm"
        )
    return picture


def _draw_pattern(pen: Pen, size: tuple[int, int]) -> Image.Image:
    picture = _canvas(pen, size)
    draw, (width, height) = ImageDraw.Draw(picture), size
    colours = [pen.colour() for _ in range(pen.random.randint(2, 6))]
    for _ in range(pen.random.randint(5, 40)):
        x, y, radius = width * pen.random.random(), height * pen.random.random(), width * pen.random.uniform(0.03, 0.2)
        corners = pen.random.choice((0, 3, 4, 5, 6))
        if corners:
            draw.regular_polygon((x, y, radius), corners, pen.random.uniform(0, 90), pen.random.choice(colours))
        else:
            _draw_disc(draw, x, y, radius, pen.random.choice(colours))
    return picture


def _draw_disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
