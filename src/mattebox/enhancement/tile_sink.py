"""Where a large result grows tile by tile, so that somebody may keep the tiles: the room itself opens no files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mattebox.types import Pixels

Place = tuple[int, int]
"""Top, left of a tile."""


def _forgotten(place: Place, tile: Pixels) -> None:
    """What becomes of a tile when nobody keeps it."""


@dataclass
class Canvas:
    """`pixels` to be filled; places of the tiles that are `done` already; `mark` is told each one that is now."""

    pixels: Pixels
    done: set[Place] = field(default_factory=set)
    mark: Callable[[Place, Pixels], None] = _forgotten


Canvases = Callable[[Pixels], Canvas]
"""From empty pixels to a canvas; asked for each plane and each pass in turn, always in the same order."""
