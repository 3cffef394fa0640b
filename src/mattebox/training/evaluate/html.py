"""Self-contained HTML reports: tables, SVG charts, embedded thumbnails. They load nothing from the network."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

STYLESHEET = """body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.15rem .6rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left;white-space:nowrap}figure{display:inline-block;margin:.3rem}figcaption{font-size:.8rem}
svg{background:#fafafa;max-width:100%}.wide{overflow-x:auto}"""
LINE_COLOURS = ("#1668b8", "#c2501a", "#2f8a3c", "#7c4aa5")
CHART_WIDTH_PIXELS, CHART_HEIGHT_PIXELS = 560, 300
LEFT_MARGIN_PIXELS, BOTTOM_MARGIN_PIXELS, OTHER_MARGIN_PIXELS = 50, 30, 10  # of the area of the lines
PLOT_WIDTH_PIXELS = CHART_WIDTH_PIXELS - LEFT_MARGIN_PIXELS - OTHER_MARGIN_PIXELS
PLOT_HEIGHT_PIXELS = CHART_HEIGHT_PIXELS - BOTTOM_MARGIN_PIXELS - OTHER_MARGIN_PIXELS
MAX_DOTS_PER_LINE = 40


def render_page(title: str, *parts: str) -> str:
    """An HTML page of parts of HTML."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLESHEET}</style><h1>{escape(title)}</h1>{''.join(parts)}</html>\n"
    )


def render_heading(text: str, remark: str = "") -> str:
    """A heading, and a paragraph below it."""
    return f"<h2>{escape(text)}</h2>" + (f"<p>{escape(remark)}</p>" if remark else "")


def render_table(column_names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table; floats have four decimals."""
    cells = [[f"{c:.4f}" if isinstance(c, float) else escape(str(c)) for c in row] for row in rows]
    top = "".join(f"<th>{escape(name)}</th>" for name in column_names)
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in cells)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def render_chart(
    lines: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str, is_unit_square: bool = False
) -> str:
    """A line chart as SVG; `is_unit_square` draws both axes from 0 to 1, and the diagonal."""
    points = [p for line in lines.values() for p in line]
    if not points:
        return "<p>nothing to draw yet</p>"
    xs, ys = zip(*points, strict=True)
    bounds = (0.0, 1.0, 0.0, 1.0) if is_unit_square else (min(xs), max(xs), min(ys), max(ys))
    elements = [_svg_axes(bounds, x_label, y_label)]
    if is_unit_square:
        elements.append(_svg_line([(0, 0), (1, 1)], bounds, "#aaa", with_dots=False))
    for k, (name, line) in enumerate(lines.items()):
        colour = LINE_COLOURS[k % len(LINE_COLOURS)]
        elements.append(_svg_line(line, bounds, colour, with_dots=len(line) <= MAX_DOTS_PER_LINE))
        elements.append(f'<text x="{LEFT_MARGIN_PIXELS + 8}" y="{18 + 16 * k}" fill="{colour}">{escape(name)}</text>')
    return (
        f'<svg viewBox="0 0 {CHART_WIDTH_PIXELS} {CHART_HEIGHT_PIXELS}" width="{CHART_WIDTH_PIXELS}" font-size="12" '
        f'role="img">{"".join(elements)}</svg>'
    )


def render_picture(rgb: NDArray[Any], caption: str, side: int = 200) -> str:
    """A figure of a picture, H x W x 3 uint8, as an embedded JPEG with a short side of about `side` pixels."""
    thumbnail = Image.fromarray(rgb)
    thumbnail.thumbnail((side * rgb.shape[1] // min(rgb.shape[:2]), side))
    content = io.BytesIO()
    thumbnail.save(content, "JPEG", quality=80)
    data = base64.b64encode(content.getvalue()).decode()
    text = escape(caption)
    return f'<figure><img alt="{text}" src="data:image/jpeg;base64,{data}"><figcaption>{text}</figcaption></figure>'


def place_cutouts_side_by_side(rgb: NDArray[Any], *alphas: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture and its cutouts by each alpha, 0..1, on mid grey, in one row."""
    parts = [rgb, *(rgb * a[..., None] + 128 * (1 - a[..., None]) for a in alphas)]
    return np.concatenate([np.round(p).astype(np.uint8) for p in parts], 1)


def _svg_point(point: tuple[float, float], bounds: tuple[float, float, float, float]) -> str:
    x = (point[0] - bounds[0]) / ((bounds[1] - bounds[0]) or 1)
    y = (point[1] - bounds[2]) / ((bounds[3] - bounds[2]) or 1)
    left = LEFT_MARGIN_PIXELS + x * PLOT_WIDTH_PIXELS
    top = CHART_HEIGHT_PIXELS - BOTTOM_MARGIN_PIXELS - y * PLOT_HEIGHT_PIXELS
    return f"{left:.1f},{top:.1f}"


def _svg_line(
    line: Sequence[tuple[float, float]], bounds: tuple[float, float, float, float], colour: str, with_dots: bool
) -> str:
    points = [_svg_point(point, bounds) for point in line]
    dots = [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in (p.split(",") for p in points)]
    polyline = f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    return polyline + "".join(dots if with_dots else [])


def _svg_axes(bounds: tuple[float, float, float, float], x_label: str, y_label: str) -> str:
    bottom, right = CHART_HEIGHT_PIXELS - BOTTOM_MARGIN_PIXELS, CHART_WIDTH_PIXELS - OTHER_MARGIN_PIXELS
    middle_x, middle_y = CHART_WIDTH_PIXELS // 2, CHART_HEIGHT_PIXELS // 2
    return (
        f'<path d="M{LEFT_MARGIN_PIXELS} 10V{bottom}H{right}" fill="none" stroke="#888"/>'
        f'<text x="{LEFT_MARGIN_PIXELS}" y="{CHART_HEIGHT_PIXELS - 14}">{bounds[0]:.3g}</text>'
        f'<text x="{right}" y="{CHART_HEIGHT_PIXELS - 14}" text-anchor="end">{bounds[1]:.3g}</text>'
        f'<text x="{middle_x}" y="{CHART_HEIGHT_PIXELS - 4}" text-anchor="middle">{escape(x_label)}</text>'
        f'<text x="{LEFT_MARGIN_PIXELS - 4}" y="{bottom}" text-anchor="end">{bounds[2]:.3g}</text>'
        f'<text x="{LEFT_MARGIN_PIXELS - 4}" y="20" text-anchor="end">{bounds[3]:.3g}</text>'
        f'<text x="12" y="{middle_y}" transform="rotate(-90 12 {middle_y})" text-anchor="middle">'
        f"{escape(y_label)}</text>"
    )
