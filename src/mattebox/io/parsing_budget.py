"""Limit on the work of reading a file's structure, so that no file costs more than 30 milliseconds.

Headers are walked in Python, at one or two microseconds a part (chunk, segment, box, tag). A file of 24 MB may hold
millions of empty parts; pictures hold a few, and long animations some thousands.
"""

from __future__ import annotations

MAX_PARTS = 10_000


class ParsingBudget:
    """The parts of one file that may still be looked at, and the bytes of its values that may still be copied."""

    def __init__(self, max_bytes: int = 0) -> None:
        self._parts_left, self._bytes_left = MAX_PARTS, max_bytes

    def spend_parts(self, count: int = 1) -> None:
        """Count parts before they are looked at. ValueError when there are too many."""
        self._parts_left -= count
        if self._parts_left < 0:
            raise ValueError(f"it has more than {MAX_PARTS} parts")

    def spend_bytes(self, count: int) -> bool:
        """Count bytes before they are copied; False when there are not so many left."""
        if count > self._bytes_left:
            return False
        self._bytes_left -= count
        return True
