"""Strengths that are said behind what they belong to: "watercolour effect, subtle, 30 %", "denoise, but just a bit"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from mattebox.language.anchors import Anchor
from mattebox.language.concepts import Value
from mattebox.language.interpretation import Reading
from mattebox.language.meanings import Degree, Number, Rescaling

STRENGTH_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "restore": "restore",
        "style": "style_strength",
        "faces": "faces",
        "balance": "balance_strength",
        "light": "light_strength",
        "harmonise": "harmonise",
    }
)  # parameters, and those that say how much of them
PAINT, BLUR = "background", "blur"  # parameter, and the value that may have a share
SHARES = frozenset(("restore",))  # strengths from 0 to 1
WEAK_PERCENT, STRONG_PERCENT = 30, 100


def set_strength(anchor: Anchor, readings: Sequence[Reading]) -> Reading | None:
    """The last reading with the strength that an anchor of nothing but numbers and degrees says; None if it has none.

    Parameters
    ----------
    anchor
        Without a meaning of its own.
    readings
        So far.
    """
    if readings and readings[-1].values.get(PAINT) == BLUR and (share := _share(anchor)):
        last = readings[-1]
        return replace(last, text=f"{last.text}, {anchor.text}", values={**last.values, PAINT: f"{BLUR}({share})"})
    name = next((STRENGTH_NAMES[n] for n in readings[-1].values if n in STRENGTH_NAMES), None) if readings else None
    percent = _percent(anchor)
    if name is None or percent is None:
        return None
    value: Value = f"{percent / 100:g}" if name in SHARES else round(percent)
    last = readings[-1]
    return replace(last, text=f"{last.text}, {anchor.text}", values={**last.values, name: value}, is_default=False)


def _share(anchor: Anchor) -> str:
    """The one number in percent that an anchor is, as it is written; "" for anything else."""
    numbers = [m for m in anchor.modifiers if isinstance(m, Number)]
    is_share = len(numbers) == len(anchor.modifiers) == 1 and numbers[0].unit == "%"
    return f"{numbers[0].text}%" if is_share else ""


def _percent(anchor: Anchor) -> float | None:
    """Percent of one number, of "half of it", or of words of degree."""
    if not anchor.modifiers or not all(isinstance(m, Number | Degree | Rescaling) for m in anchor.modifiers):
        return None
    numbers = [m for m in anchor.modifiers if isinstance(m, Number)]
    factors = [m.factor for m in anchor.modifiers if isinstance(m, Rescaling)]
    if len(numbers) == 1 and numbers[0].unit in ("", "%"):
        number = numbers[0]
        is_share = not number.unit and number.value <= 1
        return 100 * number.value if is_share else number.value
    if numbers:
        return None
    if factors:
        return 100 * factors[0]
    degrees = [m.factor for m in anchor.modifiers if isinstance(m, Degree)]
    return WEAK_PERCENT if min(degrees) < 1 else STRONG_PERCENT if max(degrees) > 1 else None
