"""Where a large result grows tile by tile, so that somebody may keep the tiles: the room itself opens no files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mattebox.types import Pixels

TilePosition = tuple[int, int]
"""Top, left of a tile."""


def _discard_tile(position: TilePosition, tile: Pixels) -> None:
    """What becomes of a tile when nobody keeps it."""


@dataclass
class TileSink:
    """`pixels` to be filled; places of the tiles that are `completed` already; `on_tile` is told each one that is now."""

    pixels: Pixels
    completed: set[TilePosition] = field(default_factory=set)
    on_tile: Callable[[TilePosition, Pixels], None] = _discard_tile


OpenTileSink = Callable[[Pixels], TileSink]
"""From empty pixels to a canvas; asked for each plane and each pass in turn, always in the same order."""
