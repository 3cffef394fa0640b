"""One self-contained HTML page: tables, drawn curves and diagrams, small embedded pictures. No request to anywhere.

Knows nothing of what it shows.
"""

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
CHART_WIDTH_PIXELS, CHART_HEIGHT_PIXELS, LEFT_MARGIN_PIXELS, BOTTOM_MARGIN_PIXELS = (
    560,
    300,
    50,
    30,
)  # of a chart, and its margins


def render_page(title: str, *parts: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLESHEET}</style><h1>{escape(title)}</h1>{''.join(parts)}</html>\n"
    )


def render_heading(text: str, remark: str = "") -> str:
    return f"<h2>{escape(text)}</h2>" + (f"<p>{escape(remark)}</p>" if remark else "")


def render_table(column_names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Numbers with four decimals, whole numbers and words as they are."""
    cells = [[f"{c:.4f}" if isinstance(c, float) else escape(str(c)) for c in row] for row in rows]
    top = "".join(f"<th>{escape(name)}</th>" for name in column_names)
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in cells)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def render_chart(
    lines: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str, is_unit_square: bool = False
) -> str:
    """Points joined by lines, one colour each; `is_unit_square` draws both axes from 0 to 1 with the diagonal."""
    points = [p for line in lines.values() for p in line]
    if not points:
        return "<p>nothing to draw yet</p>"
    xs, ys = zip(*points, strict=True)
    span = (0.0, 1.0, 0.0, 1.0) if is_unit_square else (min(xs), max(xs), min(ys), max(ys))
    drawn = [_svg_axes(span, x_label, y_label)]
    if is_unit_square:
        drawn.append(_svg_line([(0, 0), (1, 1)], span, "#aaa", with_dots=False))
    for k, (name, line) in enumerate(lines.items()):
        colour = LINE_COLOURS[k % len(LINE_COLOURS)]
        drawn.append(_svg_line(line, span, colour, with_dots=len(line) <= 40))
        drawn.append(f'<text x="{LEFT_MARGIN_PIXELS + 8}" y="{18 + 16 * k}" fill="{colour}">{escape(name)}</text>')
    return f'<svg viewBox="0 0 {CHART_WIDTH_PIXELS} {CHART_HEIGHT_PIXELS}" width="{CHART_WIDTH_PIXELS}" font-size="12" role="img">{"".join(drawn)}</svg>'


def render_picture(rgb: NDArray[Any], caption: str, side: int = 200) -> str:
    """H x W x 3 uint8 as a small JPEG."""
    small = Image.fromarray(rgb)
    small.thumbnail((side * rgb.shape[1] // min(rgb.shape[:2]), side))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    data = base64.b64encode(content.getvalue()).decode()
    text = escape(caption)
    return f'<figure><img alt="{text}" src="data:image/jpeg;base64,{data}"><figcaption>{text}</figcaption></figure>'


def place_cutouts_side_by_side(rgb: NDArray[Any], *alphas: NDArray[Any]) -> NDArray[np.uint8]:
    """The picture and, in a row with it, what each alpha 0..1 cuts out of it, on mid grey."""
    parts = [rgb, *(rgb * a[..., None] + 128 * (1 - a[..., None]) for a in alphas)]
    return np.concatenate([np.round(p).astype(np.uint8) for p in parts], 1)


def _svg_point(point: tuple[float, float], bounds: tuple[float, float, float, float]) -> str:
    x = (point[0] - bounds[0]) / ((bounds[1] - bounds[0]) or 1)
    y = (point[1] - bounds[2]) / ((bounds[3] - bounds[2]) or 1)
    return f"{LEFT_MARGIN_PIXELS + x * (CHART_WIDTH_PIXELS - LEFT_MARGIN_PIXELS - 10):.1f},{CHART_HEIGHT_PIXELS - BOTTOM_MARGIN_PIXELS - y * (CHART_HEIGHT_PIXELS - BOTTOM_MARGIN_PIXELS - 10):.1f}"


def _svg_line(
    line: Sequence[tuple[float, float]], bounds: tuple[float, float, float, float], colour: str, with_dots: bool
) -> str:
    places = [_svg_point(point, bounds) for point in line]
    marks = [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in (p.split(",") for p in places)]
    drawn = f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    return drawn + "".join(marks if with_dots else [])


def _svg_axes(bounds: tuple[float, float, float, float], x_label: str, y_label: str) -> str:
    bottom, right = CHART_HEIGHT_PIXELS - BOTTOM_MARGIN_PIXELS, CHART_WIDTH_PIXELS - 10
    return (
        f'<path d="M{LEFT_MARGIN_PIXELS} 10V{bottom}H{right}" fill="none" stroke="#888"/>'
        f'<text x="{LEFT_MARGIN_PIXELS}" y="{CHART_HEIGHT_PIXELS - 14}">{bounds[0]:.3g}</text>'
        f'<text x="{right}" y="{CHART_HEIGHT_PIXELS - 14}" text-anchor="end">{bounds[1]:.3g}</text>'
        f'<text x="{CHART_WIDTH_PIXELS // 2}" y="{CHART_HEIGHT_PIXELS - 4}" text-anchor="middle">{escape(x_label)}</text>'
        f'<text x="{LEFT_MARGIN_PIXELS - 4}" y="{bottom}" text-anchor="end">{bounds[2]:.3g}</text>'
        f'<text x="{LEFT_MARGIN_PIXELS - 4}" y="20" text-anchor="end">{bounds[3]:.3g}</text>'
        f'<text x="12" y="{CHART_HEIGHT_PIXELS // 2}" transform="rotate(-90 12 {CHART_HEIGHT_PIXELS // 2})" text-anchor="middle">{escape(y_label)}</text>'
    )
