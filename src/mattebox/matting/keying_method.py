"""The keying method as users write it: "screen", "screen(#00b140)", "luma", "plate(FILE)" or "artwork"."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from mattebox.errors import UsageError
from mattebox.io import colour
from mattebox.matting.chroma_screen import screen_from_colour


@dataclass(frozen=True)
class KeyingMethod:
    """A kind, "screen", "luma", "plate", "artwork" or "auto" (artwork where the picture is that, else a network), with
    its argument: the screen's sRGB colour (or ""), or the plate's path."""

    kind: str
    argument: str = ""


def parse_keying_method(text: str) -> KeyingMethod | None:
    """Parse a keying method; None for "network", which is none. UsageError for anything else."""
    match = re.fullmatch(r"(auto|network|screen|luma|plate|artwork)\s*(?:\((.*)\))?", text.strip())
    takes_argument = match is not None and match[1] in ("screen", "plate")
    if not match or (match[2] and not takes_argument) or (match[1] == "plate" and not match[2]):
        raise UsageError(
            f"{text!r} is not a way to cut",
            "give auto, network, artwork, screen, screen(#00b140), luma or plate(FILE)",
        )
    method = KeyingMethod(match[1], (match[2] or "").strip())
    if method.kind == "screen" and method.argument:
        screen_from_colour(np.array(parse_screen_colour(method.argument)) / 255)
    return None if method.kind == "network" else method


def parse_screen_colour(text: str) -> colour.RgbColour:
    """The sRGB colour of a screen. UsageError for "transparent" or nonsense."""
    rgb = colour.parse_colour(text)
    if rgb is None:
        raise UsageError(f"the screen's colour {text!r} is not an opaque colour", "give one such as #00b140")
    return rgb
