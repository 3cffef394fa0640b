"""Synthetic objects that are seen through, with exact mattes: rings, wheels, chairs, mugs, lattices, bicycles.

An object is a union of thick lines, elliptic rings and filled ellipses in its own square of -1..1, which a random
affine map puts into the picture; each is drawn from its signed distance, so that edges are a pixel wide at every scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

SCALE_RANGE = (0.35, 0.95)  # of an object, half the picture's side being 1
STRETCH_RANGE = (0.6, 1.0)  # of one axis, as when seen from the side
MAX_SHIFT = 0.35
MAX_TURN = 0.35  # radians

Line: TypeAlias = tuple[float, float, float, float, float]
"""x, y of one end, x, y of the other, half the thickness."""
Ring: TypeAlias = tuple[float, float, float, float, float]
"""x, y of the centre, the radii along x and y, half the thickness; a negative thickness fills the ellipse."""


@dataclass
class Drawing:
    """Parts of one object, in its own coordinates, -1..1."""

    lines: list[Line] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)


def draw_object_mattes(count: int, size: tuple[int, int], device: torch.device) -> Tensor:
    """Mattes N x 1 x H x W, 0..1, of one random object each."""
    return torch.stack([_draw_matte(OBJECTS[_integer(0, len(OBJECTS) - 1)](), size, device) for _ in range(count)])


def _draw_matte(drawing: Drawing, size: tuple[int, int], device: torch.device) -> Tensor:
    """Matte 1 x H x W of an object at a random place, size and angle."""
    scale = _uniform(*SCALE_RANGE)
    scales = [scale, scale * _uniform(*STRETCH_RANGE)]
    if _uniform(0, 1) < 0.5:
        scales.reverse()
    x, y = _object_coordinates(size, scales, device)
    distance = torch.full(size, math.inf, device=device)
    for line in drawing.lines:
        distance = torch.minimum(distance, _line_distance(x, y, line))
    for ring in drawing.rings:
        distance = torch.minimum(distance, _ring_distance(x, y, ring))
    pixels_per_unit = min(scales) * min(size) / 2
    return (0.5 - distance * pixels_per_unit).clamp(0, 1)[None]


def _object_coordinates(size: tuple[int, int], scales: list[float], device: torch.device) -> tuple[Tensor, Tensor]:
    """x and y of each pixel's centre in the object's coordinates, H x W each."""
    height, width = size
    turn, side = _uniform(-MAX_TURN, MAX_TURN), min(size) / 2
    rows = (torch.arange(height, device=device) + 0.5 - height / 2) / side - _uniform(-MAX_SHIFT, MAX_SHIFT)
    columns = (torch.arange(width, device=device) + 0.5 - width / 2) / side - _uniform(-MAX_SHIFT, MAX_SHIFT)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    mirror = 1.0 if _uniform(0, 1) < 0.5 else -1.0
    x, y = math.cos(turn) * x + math.sin(turn) * y, math.cos(turn) * y - math.sin(turn) * x
    return mirror * x / scales[0], y / scales[1]


def _line_distance(x: Tensor, y: Tensor, line: Line) -> Tensor:
    x0, y0, x1, y1, half = line
    dx, dy = x1 - x0, y1 - y0
    along = (((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-9)).clamp(0, 1)
    return torch.hypot(x - x0 - along * dx, y - y0 - along * dy) - half


def _ring_distance(x: Tensor, y: Tensor, ring: Ring) -> Tensor:
    centre_x, centre_y, radius_x, radius_y, half = ring
    scaled = torch.hypot((x - centre_x) / radius_x, (y - centre_y) / radius_y)
    distance = (scaled - 1) * min(radius_x, radius_y)
    return distance if half < 0 else distance.abs() - half


def _make_ring() -> Drawing:
    thickness = _uniform(0.03, 0.2)
    rings = [(0.0, 0.0, 0.8, _uniform(0.4, 0.8), thickness)]
    if _uniform(0, 1) < 0.4:  # a stone, as of a finger ring
        rings.append((0.0, -rings[0][3], 0.2, 0.16, -1.0))
    return Drawing(rings=rings)


def _make_wheel() -> Drawing:
    spokes, hub = _integer(3, 18), _uniform(0.05, 0.25)
    half = _uniform(0.012, 0.3 / spokes + 0.012)
    angle = _uniform(0, math.pi)
    directions = [angle + 2 * math.pi * k / spokes for k in range(spokes)]
    lines = [(0.0, 0.0, 0.8 * math.cos(a), 0.8 * math.sin(a), half) for a in directions]
    return Drawing(lines, [(0.0, 0.0, 0.82, 0.82, _uniform(0.03, 0.16)), (0.0, 0.0, hub, hub, -1.0)])


def _make_chair() -> Drawing:
    half, seat = _uniform(0.02, 0.06), _uniform(-0.05, 0.2)
    lean = _uniform(0, 0.15)
    lines = [(-0.55, seat, 0.55, seat, half * _uniform(1, 2.5))]  # the seat, then legs
    lines += [(x, seat, x * _uniform(1.0, 1.25), 0.95, half) for x in (-0.5, -0.25, 0.3, 0.5)]
    lines += [(x, seat, x - lean, -0.9, half) for x in (-0.5, 0.5)]  # posts of the back
    lines.append((-0.5 - lean, -0.85, 0.5 - lean, -0.85, half * 1.5))
    slats, thin = _integer(1, 7), half * _uniform(0.5, 1)
    if _uniform(0, 1) < 0.5:
        positions = [-0.5 + (k + 1) / (slats + 1) for k in range(slats)]
        lines += [(x, seat, x - lean, -0.85, thin) for x in positions]
    else:
        heights = [seat + (-0.85 - seat) * (k + 1) / (slats + 1) for k in range(slats)]
        lines += [(-0.5 - lean / 2, y, 0.5 - lean / 2, y, thin) for y in heights]
    if _uniform(0, 1) < 0.5:
        lines.append((-0.5, 0.6, 0.5, 0.6, thin))
    return Drawing(lines)


def _make_mug() -> Drawing:
    width, half = _uniform(0.3, 0.5), _uniform(0.03, 0.08)
    body = [(x, -0.6, x * _uniform(0.9, 1.0), 0.6, 0.06) for x in _spread(-width, width, 12)]
    handle = (width + 0.05, _uniform(-0.1, 0.1), _uniform(0.22, 0.42), _uniform(0.22, 0.45), half)
    return Drawing(body, [handle, (0.0, -0.6, width + 0.06, 0.12, -1.0)])


def _make_lattice() -> Drawing:
    half, count = _uniform(0.012, 0.05), _integer(2, 7)
    edge = [(-0.9, -0.7, 0.9, -0.7), (-0.9, 0.7, 0.9, 0.7), (-0.9, -0.7, -0.9, 0.7), (0.9, -0.7, 0.9, 0.7)]
    lines = [(*ends, half * 1.6) for ends in edge]
    if _uniform(0, 1) < 0.5:  # a gate's bars
        lines += [(x, -0.7, x, 0.7, half) for x in _spread(-0.9, 0.9, count + 2)]
        lines += [(-0.9, y, 0.9, y, half) for y in _spread(-0.7, 0.7, _integer(2, 5))]
    else:  # a trellis
        lines += [(x, -0.7, min(x + 1.4, 0.9), -0.7 + min(1.4, 0.9 - x), half) for x in _spread(-0.9, 0.7, count)]
        lines += [(x, -0.7, max(x - 1.4, -0.9), -0.7 + min(1.4, x + 0.9), half) for x in _spread(-0.7, 0.9, count)]
    return Drawing(lines)


def _make_bicycle() -> Drawing:
    half, radius = _uniform(0.012, 0.04), _uniform(0.32, 0.4)
    back, front, pedal, saddle, bar = (-0.55, 0.4), (0.55, 0.4), (-0.1, 0.4), (-0.22, -0.25), (0.4, -0.25)
    pairs = [(back, pedal), (back, saddle), (pedal, saddle), (saddle, bar), (pedal, bar), (bar, front)]
    lines = [(*a, *b, half) for a, b in pairs]
    lines += [(-0.34, -0.32, -0.1, -0.32, half * 1.5), (bar[0] - 0.1, -0.38, bar[0] + 0.1, -0.36, half * 1.3)]
    lines.append((*bar, bar[0], -0.38, half))
    return Drawing(lines, [(*centre, radius, radius, half * _uniform(0.8, 1.8)) for centre in (back, front)])


def _make_glasses() -> Drawing:
    half = _uniform(0.02, 0.06)
    width, height = _uniform(0.28, 0.38), _uniform(0.2, 0.36)
    lenses = [(x, 0.0, width, height, half) for x in (-0.45, 0.45)]
    arms = [(x, -0.05, x * 1.12, -_uniform(0.1, 0.5), half) for x in (-0.84, 0.84)]
    return Drawing([(-0.12, -0.05, 0.12, -0.05, half), *arms], lenses)


def _make_stool() -> Drawing:
    half = _uniform(0.02, 0.05)
    legs = [(x * 0.5, -0.4, x, 0.9, half) for x in (-0.6, -0.2, 0.25, 0.6)]
    return Drawing([*legs, (-0.45, 0.4, 0.45, 0.4, half * 0.8)], [(0.0, -0.45, 0.5, _uniform(0.08, 0.2), -1.0)])


def _spread(start: float, end: float, count: int) -> list[float]:
    """Evenly spaced numbers from the start to the end, both included."""
    return [start + (end - start) * k / max(count - 1, 1) for k in range(count)]


def _uniform(low: float, high: float) -> float:
    """A random number of torch's generator, whose state a checkpoint holds."""
    return low + (high - low) * float(torch.rand(()))


def _integer(low: int, high: int) -> int:
    """A random integer, both ends included, of torch's generator."""
    return int(torch.randint(low, high + 1, ()))


OBJECTS: tuple[Callable[[], Drawing], ...] = (
    _make_ring,
    _make_wheel,
    _make_chair,
    _make_mug,
    _make_lattice,
    _make_bicycle,
    _make_glasses,
    _make_stool,
)
