"""What users may put behind a subject, as they write it: words and functions of CSS, or the path of a picture.

Only the reading of it; `backdrop` makes the pixels.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.io.colour import RgbColour


@dataclass(frozen=True)
class FlatColour:
    """One sRGB colour; `alpha` 0..255 lets what lies behind the result through."""

    colour: RgbColour
    alpha: int = 255


@dataclass(frozen=True)
class LinearGradient:
    """Colours along a line; `angle` in degrees as in CSS: 0 to the top, 90 to the right, 180 to the bottom."""

    angle: float
    colours: tuple[RgbColour, ...]


@dataclass(frozen=True)
class RadialGradient:
    """Colours from the middle to the farthest corner."""

    colours: tuple[RgbColour, ...]


@dataclass(frozen=True)
class BackgroundBlur:
    """The photograph without its subject, out of focus; `radius` as a share of the longer side."""

    radius: float


@dataclass(frozen=True)
class StudioBackdrop:
    """A paper sweep: wall above, floor below, lit from the front. Shares 0..1: `horizon`, how far down the wall goes
    over into the floor; `light`, where across the light stands; `contrast`, how much darker it is away from it."""

    colour: RgbColour
    horizon: float = 0.66
    light: float = 0.5
    contrast: float = 0.5


@dataclass(frozen=True)
class BackgroundImage:
    """A picture of one's own."""

    path: str


BackgroundSpec = FlatColour | LinearGradient | RadialGradient | BackgroundBlur | StudioBackdrop | BackgroundImage

DEFAULT_BLUR_RADIUS_SHARE = 0.03
DEFAULT_STUDIO_COLOUR: RgbColour = (236, 236, 238)
BACKGROUND_KEYWORDS = ("transparent", "blur", "studio", "linear-gradient", "radial-gradient")


def parse_background(text: str) -> BackgroundSpec | None:
    """None for transparent. UsageError when it is nothing of the kind."""
    plain = text.strip()
    found = re.fullmatch(r"([a-z-]+)\s*(?:\((.*)\))?", plain, re.IGNORECASE | re.DOTALL)
    word, inside = (found[1].lower(), found[2]) if found else ("", None)
    if word == "transparent":
        return None
    if word == "blur":
        return BackgroundBlur(_parse_blur_radius(inside) if inside else DEFAULT_BLUR_RADIUS_SHARE)
    if word == "studio":
        return _parse_studio(inside or "")
    if word in ("linear-gradient", "radial-gradient") and inside is not None:
        return _parse_gradient(word, _split_arguments(inside))
    if not word.startswith(("rgb", "oklch")) and re.search(r"\.\w{2,5}$|[/\\]", plain):
        return BackgroundImage(plain)
    try:
        if hexed := re.fullmatch(r"#([0-9a-f]{3})([0-9a-f])|#([0-9a-f]{6})([0-9a-f]{2})", plain.lower()):
            digits, alpha = (hexed[1], hexed[2] * 2) if hexed[1] else (hexed[3], hexed[4])
            return FlatColour(_parse_colour(f"#{digits}"), int(alpha, 16)) if int(alpha, 16) else None
        return FlatColour(_parse_colour(plain))
    except UsageError as error:
        near = difflib.get_close_matches(word or plain, [*BACKGROUND_KEYWORDS, *colour.css_colour_names()], 2, 0.7)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(
            f"{text!r} is no background",
            f"{hint}give transparent, a colour, a linear-gradient(...) or radial-gradient(...), blur, studio, "
            "or a picture's path",
        ) from error


def _parse_studio(arguments: str) -> StudioBackdrop:
    """Of a colour and shares, both optional: "#ddd, horizon 60%, light 30%, contrast 80%"."""
    colours, shares = [DEFAULT_STUDIO_COLOUR], {}
    for part in _split_arguments(arguments):
        found = re.fullmatch(r"(horizon|light|contrast)\s+(\d+(?:\.\d+)?)%", part.strip())
        if found:
            shares[found[1]] = float(found[2]) / 100
        elif part.strip():
            colours.append(_parse_colour(part))
    if len(colours) > 2 or any(share > 1 for share in shares.values()):
        raise UsageError(
            f"studio({arguments})",
            "give one colour, and shares up to 100%: studio(#ddd, horizon 60%, light 30%, contrast 80%)",
        )
    return StudioBackdrop(colours[-1], **shares)


def _parse_gradient(kind: str, arguments: list[str]) -> LinearGradient | RadialGradient:
    angle = 180.0
    if kind == "linear-gradient" and (turn := re.fullmatch(r"(-?\d+(?:\.\d+)?)deg", arguments[0].strip())):
        angle, arguments = float(turn[1]), arguments[1:]
    colours = tuple(_parse_colour(p) for p in arguments)
    if len(colours) < 2:
        raise UsageError(
            f"a gradient of {len(colours)} colour(s)", "give two or more, such as linear-gradient(white, grey)"
        )
    return LinearGradient(angle, colours) if kind == "linear-gradient" else RadialGradient(colours)


def _split_arguments(arguments: str) -> list[str]:
    """Split at commas outside brackets."""
    return re.split(r",(?![^(]*\))", arguments)


def _parse_colour(text: str) -> RgbColour:
    found = colour.parse_colour(text)
    if found is None:
        raise UsageError(f"{text.strip()!r} inside a background", "give an opaque colour there")
    return found


def _parse_blur_radius(text: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)%\s*", text)
    if not found or not 0.1 <= float(found[1]) <= 30:
        raise UsageError(f"blur({text})", "give a radius from 0.1% to 30% of the longer side, such as blur(3%)")
    return float(found[1]) / 100
