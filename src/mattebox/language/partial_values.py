"""Values that are said in parts: a width and a height, and what is cut off or left free at single sides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from mattebox.language.concepts import Value

SIDES = ("top", "right", "bottom", "left")
SAME_VALUES: Mapping[tuple[str, Value], Value] = MappingProxyType({("bit_depth", "16"): "keep"})
PART_SEPARATOR = " & "
_SIDE = re.compile(r"(top|right|bottom|left|x|y|width|height):(\S+)")
_AXES = {"x": ("left", "right"), "y": ("top", "bottom")}


def is_partial(value: Value) -> bool:
    """Whether a value is a part, such as "width:1024" or "left:15%"."""
    return isinstance(value, str) and _SIDE.match(value) is not None


def join_parts(first: Value, second: Value) -> str | None:
    """Two parts as one value in parts; None where they contradict each other."""
    if not (is_partial(first) and is_partial(second)):
        return None
    sides, more = _sides(str(first)), _sides(str(second))
    if any(sides[name] != more[name] for name in sides.keys() & more.keys()):
        return None
    return PART_SEPARATOR.join(f"{name}:{value}" for name, value in {**sides, **more}.items())


def complete_parts(name: str, value: Value) -> Value:
    """A value in parts as the parameter `name` has it; other values as they are."""
    if not is_partial(value):
        return SAME_VALUES.get((name, value), value)
    sides = _sides(str(value))
    if name == "size":
        width, height = sides.get("width"), sides.get("height")
        return f"{width}x{height}" if width and height else width or height or str(value)
    if name == "crop_to":
        cut = {side: _percent(sides.get(side, "0%")) for side in SIDES}
        return f"{cut['left']:g}% {cut['top']:g}% {100 - cut['right']:g}% {100 - cut['bottom']:g}%"
    top, right, bottom, left = (sides.get(side, "0") for side in SIDES)
    return f"{top} {right}" if (top, right) == (bottom, left) else f"{top} {right} {bottom} {left}"


def _sides(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for side, value in _SIDE.findall(text):
        found |= dict.fromkeys(_AXES.get(side, (side,)), value)
    return found


def _percent(text: str) -> float:
    return float(text.removesuffix("%"))
