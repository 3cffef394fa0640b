"""Python's values as the text that recipes hold: size=(800, 600), fill=.85, keep=[(120, 80)], background=(9, 9, 9).

Text, switches and whole numbers of a parameter that takes them stay as they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mattebox.core.limits import MAX_UPSCALING_FACTOR
from mattebox.errors import UsageError

Converter = Callable[[Any], str | None]
"""The text of a value; None where the value has another form than the converter knows."""


def natural_text(name: str, value: Any, help: str = "") -> Any:
    """The text of a parameter's value, by the parameter's flat name.

    Parameters
    ----------
    name
        Flat name of a parameter whose values are text.
    value
        What a user gave: text, a number, a path, or a sequence of numbers.
    help
        What the parameter may be, for errors.

    Raises
    ------
    UsageError
        For a sequence that makes no sense for this parameter.
    """
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        value = value.tolist()
    text = CONVERTERS.get(name, _number_text)(value)
    if text is not None:
        return text
    if isinstance(value, Sequence):
        example = f"give such as {name}={EXAMPLES[name]}" if name in EXAMPLES else help or "see the help"
        raise UsageError(f"{name}: {value!r} is not understood", example)
    return value


def _number_text(value: Any) -> str | None:
    return f"{value:.10g}" if isinstance(value, int | float) else None


def _share_text(value: Any) -> str | None:
    """A share up to 1, or percent above."""
    return f"{100 * value if value <= 1 else value:.10g}%" if isinstance(value, int | float) else None


def _length_text(value: Any) -> str | None:
    """Pixels, or a share below 1 as percent."""
    if not isinstance(value, int | float):
        return None
    return f"{100 * value:.10g}%" if 0 < value < 1 else f"{value:.10g}px"


def _lengths_text(value: Any) -> str | None:
    """One or several lengths."""
    if isinstance(value, int | float):
        return _length_text(value)
    return " ".join(map(str, map(_length_text, value))) if _is_tuple(value, 2, 4) else None


def _colour_text(value: Any) -> str | None:
    """Hexadecimal of (red, green, blue) or (red, green, blue, alpha), 0 to 255."""
    if not _is_tuple(value, 3, 4) or not all(isinstance(v, int) and 0 <= v <= 255 for v in value):
        return None
    return "#" + "".join(f"{v:02x}" for v in value)


def _size_text(value: Any) -> str | None:
    return "x".join(map(str, value)) if _is_tuple(value, 2) else _number_text(value)


def _aspect_text(value: Any) -> str | None:
    if isinstance(value, int | float):
        return f"{value:.10g}:1"
    return f"{value[0]:.10g}:{value[1]:.10g}" if _is_tuple(value, 2) else None


def _position_text(value: Any) -> str | None:
    return " ".join(f"{100 * v:.10g}%" for v in value) if _is_tuple(value, 2) else None


def _upscale_text(value: Any) -> str | None:
    """A factor; beyond the largest one, the longer side in pixels."""
    text = _number_text(value)
    return None if text is None else f"{text}{'x' if value <= MAX_UPSCALING_FACTOR else 'px'}"


def _file_limit_text(value: Any) -> str | None:
    text = _number_text(value)
    return None if text is None else f"{text}B"


def _balance_text(value: Any) -> str | None:
    return _point_text(value) if _is_tuple(value, 2) else f"{value:.10g}K" if isinstance(value, int | float) else None


def _place_text(value: Any) -> str | None:
    return _point_text(value) if _is_tuple(value, 2) else None


def _pick_text(value: Any) -> str | None:
    return _point_text(value) if _is_tuple(value, 2) else _number_text(value)


def _numbers_text(value: Any) -> str | None:
    """A whole number, or a sequence of them; "none" for an empty one."""
    numbers = [value] if isinstance(value, int) else value
    is_list = isinstance(numbers, Sequence) and all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
    return (" ".join(map(str, numbers)) or "none") if is_list else None


def _region_text(value: Any) -> str | None:
    return " ".join(_coordinates(value)) if _is_tuple(value, 4) else None


def _marks_text(value: Any) -> str | None:
    """A point (x, y), a box (left, top, right, bottom), or a list of points, boxes and strokes (lists of points)."""
    if not isinstance(value, Sequence) or not value:
        return None
    marks = [value] if _is_tuple(value, 2, 4) else value
    texts = [mark if isinstance(mark, str) else _mark_text(mark) for mark in marks]
    return " ".join(text for text in texts if text) if all(texts) else None


def _mark_text(mark: Any) -> str | None:
    if _is_tuple(mark, 2):
        return _point_text(mark)
    if _is_tuple(mark, 4):
        left, top, right, bottom = _coordinates(mark)
        return f"{left},{top}:{right},{bottom}"
    if isinstance(mark, Sequence) and mark and all(_is_tuple(point, 2) for point in mark):
        return "/".join(_point_text(point) for point in mark)
    return None


def _point_text(point: Sequence[float]) -> str:
    return ",".join(_coordinates(point))


def _coordinates(values: Sequence[float]) -> list[str]:
    """Pixels; or shares as percent where all lie within 0 and 1 and one of them is a fraction."""
    are_shares = all(0 <= v <= 1 for v in values) and any(v != int(v) for v in values)
    return [f"{100 * v:.10g}%" if are_shares else f"{v:.10g}" for v in values]


def _is_tuple(value: Any, *lengths: int) -> bool:
    """Whether a value is a sequence of so many numbers."""
    is_sequence = isinstance(value, Sequence) and not isinstance(value, str)
    return is_sequence and len(value) in lengths and all(isinstance(v, int | float) for v in value)


_POINTS = "[(x, y)]; (left, top, right, bottom) is a box, and a list of points a stroke"
EXAMPLES: Mapping[str, str] = {  # what may be given where a sequence was not understood
    "background": '"white", (255, 255, 255) from 0 to 255, or a picture', "outline_colour": "(255, 255, 255)",
    "shadow_colour": "(0, 0, 0)",
    "label_colour": "(255, 255, 255)",
    "size": "(800, 600) or 1600", "aspect": "(4, 5)", "margin": "0.05, 20 or (20, 40)",
    "position": "(0.5, 0.3)", "region": "(left, top, right, bottom)", "keep": _POINTS, "drop": _POINTS,
    "pick": "2 or (x, y)", "hide_except": "2 or [2, 5]", "balance": "3200 or (x, y)",
    "bokeh": "2.8", "bokeh_focus": "(x, y)",
}  # fmt: skip

CONVERTERS: Mapping[str, Converter] = {
    "background": _colour_text, "outline_colour": _colour_text, "shadow_colour": _colour_text,
    "label_colour": _colour_text,
    "size": _size_text, "aspect": _aspect_text, "fill": _share_text, "margin": _lengths_text, "outline": _length_text,
    "position": _position_text, "background_align": _position_text, "region": _region_text,
    "keep": _marks_text, "drop": _marks_text, "pick": _pick_text, "balance": _balance_text,
    "bokeh": _number_text, "bokeh_focus": _place_text,
    "hide_except": _numbers_text, "upscale": _upscale_text, "file_limit": _file_limit_text,
}  # fmt: skip
