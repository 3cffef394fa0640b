"""Strips of rows, in which full-size pictures are processed so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterator

STRIP_ROWS = 64


def iter_strips(height: int) -> Iterator[slice]:
    """Slices of at most `STRIP_ROWS` rows that cover `height` rows from the top."""
    return (slice(top, min(top + STRIP_ROWS, height)) for top in range(0, height, STRIP_ROWS))
