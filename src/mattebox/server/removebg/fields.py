"""Parsing of remove.bg's request fields. Invalid values raise RemovebgError with its code for the field."""

from __future__ import annotations

import re
from typing import TypeVar

from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.server.booleans import parse_boolean
from mattebox.server.removebg.errors import RemovebgError

T = TypeVar("T")

SIZE_MEGAPIXELS = {  # largest result
    "preview": 0.25,
    "small": 0.25,
    "regular": 0.25,
    "medium": 1.5,
    "hd": 4,
    "full": 25,
    "4k": 25,
    "50mp": 50,
    "auto": 50,
}
SUBJECT_TYPES = ("auto", "person", "product", "car", "animal", "graphic", "transportation", "other")
TYPE_LEVELS = ("none", "1", "2", "latest")
OUTPUT_FORMATS = {"auto": "auto", "png": "png", "jpg": "jpg", "jpeg": "jpg", "zip": "zip", "webp": "webp"}
OUTPUT_BY_CHANNELS = {"rgba": "cutout", "alpha": "matte"}
SHADOW_KINDS = {"none": "none", "auto": "contact", "car": "contact", "3d": "contact", "drop": "drop"}
MAX_MARGIN_PIXELS, MAX_MARGIN_PERCENT = 500, 50
LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)(px|%)?")
RGBA_COLOUR = re.compile(
    r"rgba\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d*\.?\d+)(%?)\s*\)", re.IGNORECASE
)
HEX_COLOUR = re.compile(r"#?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")

Fields = dict[str, str]


def parse_size(fields: Fields) -> float:
    """Pixels of the result at most."""
    return 1e6 * _parse_choice(fields, "size", "preview", SIZE_MEGAPIXELS)


def parse_format(fields: Fields) -> str:
    """File format of the result, or "auto"."""
    return _parse_choice(fields, "format", "auto", OUTPUT_FORMATS)


def parse_subject_type(fields: Fields) -> str:
    """The type of the subject as the client states it; "other" where it states none."""
    subject_type = _parse_choice(fields, "type", "auto", dict(zip(SUBJECT_TYPES, SUBJECT_TYPES, strict=True)))
    _parse_choice(fields, "type_level", "1", dict.fromkeys(TYPE_LEVELS))
    return "other" if subject_type == "auto" else subject_type


def parse_channels(fields: Fields) -> str:
    """What to return: "cutout" or "matte"."""
    channels = fields.get("channels", "rgba").lower()
    if channels not in OUTPUT_BY_CHANNELS:
        raise RemovebgError("invalid_channels", f"Invalid channels {channels[:40]!r}", "rgba or alpha.")
    return OUTPUT_BY_CHANNELS[channels]


def check_semitransparency(fields: Fields) -> None:
    """Validate `semitransparency`, which has no effect here."""
    if parse_boolean(fields.get("semitransparency", "true")) is None:
        raise RemovebgError("invalid_semitransparency", "Invalid semitransparency", "true or false.")


def parse_flag(fields: Fields, name: str, code: str) -> bool:
    """A boolean field, false by default; `code` names the error."""
    value = parse_boolean(fields.get(name, "false"))
    if value is None:
        raise RemovebgError(code, f"{name} must be true or false", "true or false.")
    return value


def parse_region(fields: Fields, width: int, height: int) -> str:
    """The region of interest in percent, so that it also holds for a shrunk picture; "all" by default."""
    if "roi" not in fields:
        return "all"
    lengths = [LENGTH.fullmatch(word) for word in fields["roi"].replace(",", " ").split()]
    if len(lengths) != 4 or None in lengths:
        raise RemovebgError("invalid_roi", "Invalid roi", "Four lengths in px or %: x1 y1 x2 y2.")
    sides = (width, height, width, height)
    x1, y1, x2, y2 = (
        float(m[1]) if m[2] == "%" else 100 * float(m[1]) / side for m, side in zip(lengths, sides, strict=True) if m
    )
    if min(x1, y1) < 0 or max(x2, y2) > 100.001:
        raise RemovebgError("roi_exceeds_bounds", "The roi exceeds the image", "Stay inside the image.")
    if x2 <= x1 or y2 <= y1:
        raise RemovebgError(
            "roi_region_empty", "The roi is empty", "x1 y1 is the upper left corner, x2 y2 the lower right."
        )
    return " ".join(f"{min(v, 100.0):.4f}%" for v in (x1, y1, x2, y2))


def parse_margin(fields: Fields) -> str:
    """Margins as shares of the result. Those beyond the maximum are the maximum.

    remove.bg states them as shares of the subject. With m on one side and n on the opposite one, the result is
    1 + m + n times the subject, so m of the subject is m / (1 + m + n) of the result.
    """
    text = fields.get("crop_margin", "0")
    words = text.replace(",", " ").split()
    lengths = [LENGTH.fullmatch(word) for word in words]
    if len(words) not in (1, 2, 4) or None in lengths or any(word.startswith("-") for word in words):
        raise RemovebgError(
            "invalid_crop_margin", f"Invalid crop_margin {text[:40]!r}", "One, two or four lengths in px or %."
        )
    margins = [
        (min(float(m[1]), MAX_MARGIN_PERCENT if m[2] == "%" else MAX_MARGIN_PIXELS), m[2] == "%") for m in lengths if m
    ]
    top, right, bottom, left = margins * (4 // len(margins))
    pairs = ((top, bottom), (right, left), (bottom, top), (left, right))
    return " ".join(_margin_of_result(margin, opposite) for margin, opposite in pairs)


def parse_fill(fields: Fields) -> str:
    """The share of the result that the subject fills in percent; "any" by default."""
    scale = fields.get("scale", "original").lower()
    if scale == "original":
        return "any"
    percent = re.fullmatch(r"(\d+(?:\.\d+)?)%?", scale)
    if not percent or not 10 <= float(percent[1]) <= 100:
        raise RemovebgError("invalid_scale", f"Invalid scale {scale[:40]!r}", "10% to 100%, or original.")
    return f"{percent[1]}%"


def parse_position(fields: Fields, default: str) -> str:
    """Where the subject goes: "original", "center", or one or two percentages."""
    position = fields.get("position", "").lower() or default
    percent = r"\d+(?:\.\d+)?%"
    if position not in ("original", "center") and not re.fullmatch(rf"{percent}(\s+{percent})?", position):
        raise RemovebgError(
            "invalid_position", f"Invalid position {position[:40]!r}", "original, center, or one or two of 0% to 100%."
        )
    if any(float(v) > 100 for v in re.findall(r"(\d+(?:\.\d+)?)%", position)):
        raise RemovebgError("invalid_position", "The position is outside the image", "0% to 100%.")
    return position


def parse_shadow(fields: Fields) -> tuple[str, int]:
    """Kind of shadow ("none" by default) and its opacity in percent."""
    default = "auto" if parse_flag(fields, "add_shadow", "invalid_shadow_type") else "none"
    kind = _parse_choice(fields, "shadow_type", default, SHADOW_KINDS)
    opacity = fields.get("shadow_opacity", "45")
    if not re.fullmatch(r"\d{1,3}", opacity) or int(opacity) > 100:
        raise RemovebgError("invalid_shadow_opacity", "Invalid shadow_opacity", "0 to 100.")
    return kind, int(opacity)


def parse_background_colour(text: str) -> str | None:
    """A colour as `mattebox` writes it: hexadecimal digits with #, or a name; None for a transparent one."""
    with_alpha = RGBA_COLOUR.fullmatch(text)
    if with_alpha:
        text = _hexadecimal(with_alpha)
    if HEX_COLOUR.fullmatch(text):
        digits = text.removeprefix("#")
        opacity = digits[-len(digits) // 4 :] if len(digits) in (4, 8) else "f"
        return None if set(opacity) == {"0"} else f"#{digits}"
    try:
        return None if colour.parse_colour(text) is None else text
    except UsageError as error:
        raise _colour_error(text, error.remedy) from None


def _hexadecimal(rgba: re.Match[str]) -> str:
    """The digits of rgba(red, green, blue, alpha), alpha being 0 to 1 or a percentage."""
    levels = [int(rgba[n]) for n in (1, 2, 3)]
    alpha = float(rgba[4]) / (100 if rgba[5] else 1)
    if max(levels) > 255 or alpha > 1:
        raise _colour_error(rgba[0], "Give 0 to 255 for red, green and blue, and 0 to 1 for alpha.")
    return "".join(f"{level:02x}" for level in (*levels, round(255 * alpha)))


def _colour_error(text: str, remedy: str) -> RemovebgError:
    return RemovebgError("invalid_bg_color", f"Invalid bg_color {text[:40]!r}", remedy)


def check_url(url: str, code: str) -> None:
    """Validate the form of an address; `code` names the error."""
    if not re.match(r"https?://[^/\s]+", url, re.IGNORECASE):
        raise RemovebgError(code, f"Invalid address {url[:40]!r}", "Give one that starts with http:// or https://.")


def _parse_choice(fields: Fields, name: str, default: str, choices: dict[str, T]) -> T:
    value = fields.get(name, default).lower()
    if value not in choices:
        raise RemovebgError(f"invalid_{name}", f"Invalid {name} {value[:40]!r}", f"One of {', '.join(choices)}.")
    return choices[value]


def _margin_of_result(margin: tuple[float, bool], opposite: tuple[float, bool]) -> str:
    """A margin (value, is it a percentage?) of the subject, as a margin of the result."""
    value, is_percent = margin
    if not is_percent:
        return f"{value:g}px"
    return f"{100 * value / (100 + value + (opposite[0] if opposite[1] else 0)):.4f}%"
