"""Parsing of backgrounds as users write them: CSS colours and functions, "blur", "studio", or a picture's path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mattebox.core.suggestions import similar_names, suggest_names
from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.io.colour import RgbColour


@dataclass(frozen=True)
class FlatColour:
    """One sRGB colour, with `alpha` 0..255."""

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
    """The photograph's own background, blurred; `radius` as a share of the longer side."""

    radius: float


@dataclass(frozen=True)
class StudioBackdrop:
    """A paper sweep, lit from the front.

    Attributes
    ----------
    colour
        sRGB.
    horizon
        Share 0..1 of the height at which the wall turns into the floor.
    light
        Share 0..1 of the width at which the light stands.
    contrast
        0..1: how much darker it is away from the light.
    """

    colour: RgbColour
    horizon: float = 0.66
    light: float = 0.5
    contrast: float = 0.5


@dataclass(frozen=True)
class BackgroundImage:
    """A picture, by its path."""

    path: str


BackgroundSpec = FlatColour | LinearGradient | RadialGradient | BackgroundBlur | StudioBackdrop | BackgroundImage

DEFAULT_BLUR_RADIUS_SHARE = 0.03
DEFAULT_STUDIO_COLOUR: RgbColour = (236, 236, 238)
MIN_COLOUR_NAME_SIMILARITY = 0.7  # many names: only close ones are suggested
BACKGROUND_KEYWORDS = ("transparent", "blur", "studio", "linear-gradient", "radial-gradient")


@lru_cache(maxsize=64)
def parse_background(text: str) -> BackgroundSpec | None:
    """The background that a text describes; None for transparent. UsageError."""
    stripped = text.strip()
    match = re.fullmatch(r"([a-z-]+)\s*(?:\((.*)\))?", stripped, re.IGNORECASE | re.DOTALL)
    word, arguments = (match[1].lower(), match[2]) if match else ("", None)
    if word == "transparent":
        return None
    if word == "blur":
        return BackgroundBlur(_parse_blur_radius(arguments) if arguments else DEFAULT_BLUR_RADIUS_SHARE)
    if word == "studio":
        return _parse_studio(arguments or "")
    if word in ("linear-gradient", "radial-gradient") and arguments is not None:
        return _parse_gradient(word, _split_arguments(arguments))
    if not word.startswith(("rgb", "oklch")) and re.search(r"\.\w{2,5}$|[/\\]", stripped):
        return BackgroundImage(stripped)
    try:
        return _parse_flat_colour(stripped)
    except UsageError as error:
        known = [*BACKGROUND_KEYWORDS, *colour.css_colour_names()]
        hint = suggest_names(similar_names(word or stripped, known, 2, MIN_COLOUR_NAME_SIMILARITY))
        kinds = (
            "transparent, a colour, a linear-gradient(...) or radial-gradient(...), blur, studio, or a picture's path"
        )
        raise UsageError(f"{text!r} is not a background", f"{hint} give {kinds}".strip()) from error


def _parse_flat_colour(text: str) -> FlatColour | None:
    """A colour; with hexadecimal alpha too, where 0 is transparent."""
    match = re.fullmatch(r"#([0-9a-f]{3})([0-9a-f])|#([0-9a-f]{6})([0-9a-f]{2})", text.lower())
    if not match:
        return FlatColour(_parse_colour(text))
    digits, alpha = (match[1], match[2] * 2) if match[1] else (match[3], match[4])
    return FlatColour(_parse_colour(f"#{digits}"), int(alpha, 16)) if int(alpha, 16) else None


def _parse_studio(arguments: str) -> StudioBackdrop:
    """A colour and shares, both optional, such as "#ddd, horizon 60%, light 30%, contrast 80%"."""
    colours, shares = [DEFAULT_STUDIO_COLOUR], {}
    for argument in _split_arguments(arguments):
        match = re.fullmatch(r"(horizon|light|contrast)\s+(\d+(?:\.\d+)?)%", argument.strip())
        if match:
            shares[match[1]] = float(match[2]) / 100
        elif argument.strip():
            colours.append(_parse_colour(argument))
    if len(colours) > 2 or any(share > 1 for share in shares.values()):
        raise UsageError(
            f"studio({arguments})",
            "give one colour, and shares up to 100%: studio(#ddd, horizon 60%, light 30%, contrast 80%)",
        )
    return StudioBackdrop(colours[-1], **shares)


def _parse_gradient(kind: str, arguments: list[str]) -> LinearGradient | RadialGradient:
    angle = 180.0
    if kind == "linear-gradient" and (match := re.fullmatch(r"(-?\d+(?:\.\d+)?)deg", arguments[0].strip())):
        angle, arguments = float(match[1]), arguments[1:]
    colours = tuple(_parse_colour(argument) for argument in arguments)
    if len(colours) < 2:
        raise UsageError(
            f"a gradient of {len(colours)} colour(s)", "give two or more, such as linear-gradient(white, grey)"
        )
    return LinearGradient(angle, colours) if kind == "linear-gradient" else RadialGradient(colours)


def _split_arguments(arguments: str) -> list[str]:
    """Split at commas outside parentheses."""
    return re.split(r",(?![^(]*\))", arguments)


def _parse_colour(text: str) -> RgbColour:
    rgb = colour.parse_colour(text)
    if rgb is None:
        raise UsageError(f"{text.strip()!r} inside a background", "give an opaque colour there")
    return rgb


def _parse_blur_radius(text: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)%\s*", text)
    if not match or not 0.1 <= float(match[1]) <= 30:
        raise UsageError(f"blur({text})", "give a radius from 0.1% to 30% of the longer side, such as blur(3%)")
    return float(match[1]) / 100
