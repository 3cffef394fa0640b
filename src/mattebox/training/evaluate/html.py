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

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.15rem .6rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left;white-space:nowrap}figure{display:inline-block;margin:.3rem}figcaption{font-size:.8rem}
svg{background:#fafafa;max-width:100%}.wide{overflow-x:auto}"""
COLOURS = ("#1668b8", "#c2501a", "#2f8a3c", "#7c4aa5")
WIDE, TALL, LEFT, LOW = 560, 300, 50, 30  # of a chart, and its margins


def page(title: str, *parts: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{escape(title)}</h1>{''.join(parts)}</html>\n"
    )


def heading(text: str, remark: str = "") -> str:
    return f"<h2>{escape(text)}</h2>" + (f"<p>{escape(remark)}</p>" if remark else "")


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Numbers with four decimals, whole numbers and words as they are."""
    cells = [[f"{c:.4f}" if isinstance(c, float) else escape(str(c)) for c in row] for row in rows]
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in cells)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def chart(lines: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str, unit: bool = False) -> str:
    """Points joined by lines, one colour each; `unit` draws both axes from 0 to 1 with the diagonal."""
    points = [p for line in lines.values() for p in line]
    if not points:
        return "<p>nothing to draw yet</p>"
    xs, ys = zip(*points, strict=True)
    span = (0.0, 1.0, 0.0, 1.0) if unit else (min(xs), max(xs), min(ys), max(ys))
    drawn = [_axes(span, across, up)]
    if unit:
        drawn.append(_line([(0, 0), (1, 1)], span, "#aaa", dots=False))
    for k, (name, line) in enumerate(lines.items()):
        colour = COLOURS[k % len(COLOURS)]
        drawn.append(_line(line, span, colour, dots=len(line) <= 40))
        drawn.append(f'<text x="{LEFT + 8}" y="{18 + 16 * k}" fill="{colour}">{escape(name)}</text>')
    return f'<svg viewBox="0 0 {WIDE} {TALL}" width="{WIDE}" font-size="12" role="img">{"".join(drawn)}</svg>'


def picture(rgb: NDArray[Any], caption: str, side: int = 200) -> str:
    """H x W x 3 uint8 as a small JPEG."""
    small = Image.fromarray(rgb)
    small.thumbnail((side * rgb.shape[1] // min(rgb.shape[:2]), side))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    data = base64.b64encode(content.getvalue()).decode()
    text = escape(caption)
    return f'<figure><img alt="{text}" src="data:image/jpeg;base64,{data}"><figcaption>{text}</figcaption></figure>'


def side_by_side(rgb: NDArray[Any], *alphas: NDArray[Any]) -> NDArray[np.uint8]:
    """The picture and, in a row with it, what each alpha 0..1 cuts out of it, on mid grey."""
    parts = [rgb, *(rgb * a[..., None] + 128 * (1 - a[..., None]) for a in alphas)]
    return np.concatenate([np.round(p).astype(np.uint8) for p in parts], 1)


def _place(point: tuple[float, float], span: tuple[float, float, float, float]) -> str:
    x = (point[0] - span[0]) / ((span[1] - span[0]) or 1)
    y = (point[1] - span[2]) / ((span[3] - span[2]) or 1)
    return f"{LEFT + x * (WIDE - LEFT - 10):.1f},{TALL - LOW - y * (TALL - LOW - 10):.1f}"


def _line(line: Sequence[tuple[float, float]], span: tuple[float, float, float, float], colour: str, dots: bool) -> str:
    places = [_place(point, span) for point in line]
    marks = [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in (p.split(",") for p in places)]
    drawn = f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    return drawn + "".join(marks if dots else [])


def _axes(span: tuple[float, float, float, float], across: str, up: str) -> str:
    bottom, right = TALL - LOW, WIDE - 10
    return (
        f'<path d="M{LEFT} 10V{bottom}H{right}" fill="none" stroke="#888"/>'
        f'<text x="{LEFT}" y="{TALL - 14}">{span[0]:.3g}</text>'
        f'<text x="{right}" y="{TALL - 14}" text-anchor="end">{span[1]:.3g}</text>'
        f'<text x="{WIDE // 2}" y="{TALL - 4}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="{LEFT - 4}" y="{bottom}" text-anchor="end">{span[2]:.3g}</text>'
        f'<text x="{LEFT - 4}" y="20" text-anchor="end">{span[3]:.3g}</text>'
        f'<text x="12" y="{TALL // 2}" transform="rotate(-90 12 {TALL // 2})" text-anchor="middle">{escape(up)}</text>'
    )
