"""Where the tiles of a large result are collected, and may be stored for resumption by the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mattebox.types import Pixels

TilePosition = tuple[int, int]
"""Top, left of a tile."""


def _discard_tile(position: TilePosition, tile: Pixels) -> None:
    """Store nothing."""


@dataclass
class TileSink:
    """The `pixels` to fill, the positions of tiles that are `completed` already, and `on_tile`, called with each new
    one."""

    pixels: Pixels
    completed: set[TilePosition] = field(default_factory=set)
    on_tile: Callable[[TilePosition, Pixels], None] = _discard_tile


OpenTileSink = Callable[[Pixels], TileSink]
"""Empty pixels -> their sink; called for each plane of each pass, always in the same order."""
