"""What users may put behind a subject, as they write it: words and functions of CSS, or the path of a picture.

Only the reading of it; `backdrop` makes the pixels.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.io.colour import Colour


@dataclass(frozen=True)
class Flat:
    """One sRGB colour; `alpha` 0..255 lets what lies behind the result through."""

    colour: Colour
    alpha: int = 255


@dataclass(frozen=True)
class Linear:
    """Colours along a line; `angle` in degrees as in CSS: 0 to the top, 90 to the right, 180 to the bottom."""

    angle: float
    colours: tuple[Colour, ...]


@dataclass(frozen=True)
class Radial:
    """Colours from the middle to the farthest corner."""

    colours: tuple[Colour, ...]


@dataclass(frozen=True)
class Blur:
    """The photograph without its subject, out of focus; `radius` as a share of the longer side."""

    radius: float


@dataclass(frozen=True)
class Studio:
    """A paper sweep: wall above, floor below, lit from the front. Shares 0..1: `horizon`, how far down the wall goes
    over into the floor; `light`, where across the light stands; `contrast`, how much darker it is away from it."""

    colour: Colour
    horizon: float = 0.66
    light: float = 0.5
    contrast: float = 0.5


@dataclass(frozen=True)
class Image:
    """A picture of one's own."""

    path: str


Paint = Flat | Linear | Radial | Blur | Studio | Image

BLUR = 0.03
PAPER: Colour = (236, 236, 238)
WORDS = ("transparent", "blur", "studio", "linear-gradient", "radial-gradient")


def parse(text: str) -> Paint | None:
    """None for transparent. UsageError when it is nothing of the kind."""
    plain = text.strip()
    found = re.fullmatch(r"([a-z-]+)\s*(?:\((.*)\))?", plain, re.IGNORECASE | re.DOTALL)
    word, inside = (found[1].lower(), found[2]) if found else ("", None)
    if word == "transparent":
        return None
    if word == "blur":
        return Blur(_share(inside) if inside else BLUR)
    if word == "studio":
        return _studio(inside or "")
    if word in ("linear-gradient", "radial-gradient") and inside is not None:
        return _gradient(word, _listed(inside))
    if not word.startswith(("rgb", "oklch")) and re.search(r"\.\w{2,5}$|[/\\]", plain):
        return Image(plain)
    try:
        if hexed := re.fullmatch(r"#([0-9a-f]{3})([0-9a-f])|#([0-9a-f]{6})([0-9a-f]{2})", plain.lower()):
            digits, alpha = (hexed[1], hexed[2] * 2) if hexed[1] else (hexed[3], hexed[4])
            return Flat(_colour(f"#{digits}"), int(alpha, 16)) if int(alpha, 16) else None
        return Flat(_colour(plain))
    except UsageError as error:
        near = difflib.get_close_matches(word or plain, [*WORDS, *colour.names()], 2, 0.7)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(
            f"{text!r} is no background",
            f"{hint}give transparent, a colour, a linear-gradient(...) or radial-gradient(...), blur, studio, "
            "or a picture's path",
        ) from error


def _studio(inside: str) -> Studio:
    """Of a colour and shares, both optional: "#ddd, horizon 60%, light 30%, contrast 80%"."""
    colours, shares = [PAPER], {}
    for part in _listed(inside):
        found = re.fullmatch(r"(horizon|light|contrast)\s+(\d+(?:\.\d+)?)%", part.strip())
        if found:
            shares[found[1]] = float(found[2]) / 100
        elif part.strip():
            colours.append(_colour(part))
    if len(colours) > 2 or any(share > 1 for share in shares.values()):
        raise UsageError(
            f"studio({inside})",
            "give one colour, and shares up to 100%: studio(#ddd, horizon 60%, light 30%, contrast 80%)",
        )
    return Studio(colours[-1], **shares)


def _gradient(word: str, parts: list[str]) -> Linear | Radial:
    angle = 180.0
    if word == "linear-gradient" and (turn := re.fullmatch(r"(-?\d+(?:\.\d+)?)deg", parts[0].strip())):
        angle, parts = float(turn[1]), parts[1:]
    colours = tuple(_colour(p) for p in parts)
    if len(colours) < 2:
        raise UsageError(
            f"a gradient of {len(colours)} colour(s)", "give two or more, such as linear-gradient(white, grey)"
        )
    return Linear(angle, colours) if word == "linear-gradient" else Radial(colours)


def _listed(inside: str) -> list[str]:
    """Split at commas outside brackets."""
    return re.split(r",(?![^(]*\))", inside)


def _colour(text: str) -> Colour:
    found = colour.parse(text)
    if found is None:
        raise UsageError(f"{text.strip()!r} inside a background", "give an opaque colour there")
    return found


def _share(text: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)%\s*", text)
    if not found or not 0.1 <= float(found[1]) <= 30:
        raise UsageError(f"blur({text})", "give a radius from 0.1% to 30% of the longer side, such as blur(3%)")
    return float(found[1]) / 100
