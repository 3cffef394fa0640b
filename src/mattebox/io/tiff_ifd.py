"""The directories of TIFF 6.0 (and BigTIFF), in which TIFF files and EXIF keep their tags: read and written raw.

Values stay the bytes they were, so that what is kept is kept exactly. Entries that point outside the data are skipped;
a directory never costs more memory than the data it is read from. Knows nothing of what the tags mean.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from typing import NamedTuple

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


class Entry(NamedTuple):
    """One tag: its TIFF type, the number of values, and their bytes in the file's order."""

    kind: int
    length: int
    raw: bytes


Directory = dict[int, Entry]


class Tiff:
    """A TIFF structure in memory. ValueError when `data` does not begin with one."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        if data[:2] not in (b"II", b"MM") or len(data) < 8:
            raise ValueError("not a TIFF structure")
        self.order = "<" if data[:2] == b"II" else ">"
        magic = self._take("H", 2)
        if magic not in (42, 43):
            raise ValueError("not a TIFF structure")
        self.big = magic == 43
        self.first = self._take("Q", 8) if self.big else self._take("I", 4)
        self._read = 0

    def directory(self, offset: int, wanted: Container[int] | None = None) -> tuple[Directory, int]:
        """The tags of the directory at `offset`, and the offset of the next one (0: none).

        Entries read so far over the life of this object are bounded by what the data can hold: ValueError beyond.
        """
        count, at = (self._take("Q", offset), offset + 8) if self.big else (self._take("H", offset), offset + 2)
        width = 20 if self.big else 12
        count = min(count, (len(self.data) - at) // width)
        self._read += count
        if self._read > len(self.data) // width + 1:
            raise ValueError("its directories overlap")
        found: Directory = {}
        budget = len(self.data)
        for start in range(at, at + count * width, width):
            tag = self._take("H", start)
            if tag in found or (wanted is not None and tag not in wanted):
                continue
            entry = self._entry(start, budget)
            if entry is not None:
                found[tag] = entry
                budget -= len(entry.raw)
        return found, self._next(at + count * width)

    def with_directory(self, directory: Directory) -> bytes:
        """The data with another first and only directory, appended behind it. Not for BigTIFF."""
        body = self.data + bytes(len(self.data) % 2)
        head = body[:4] + struct.pack(self.order + "I", len(body))
        return head + body[8:] + _layout(self.order, directory, len(body))

    def number(self, entry: Entry | None) -> int | None:
        """The first value of a whole-number entry; None for any other."""
        code = _WHOLE.get(entry.kind) if entry else None
        if entry is None or code is None or not entry.raw:
            return None
        return int(struct.unpack_from(self.order + code, entry.raw)[0])

    def _entry(self, start: int, budget: int) -> Entry | None:
        kind = self._take("H", start + 2)
        count = self._take("Q" if self.big else "I", start + 4)
        size = SIZES.get(kind, 0) * count
        inline, place = (8, start + 12) if self.big else (4, start + 8)
        if size > inline:
            place = self._take("Q" if self.big else "I", place)
        if not 0 < size <= budget or place + size > len(self.data):
            return None
        return Entry(kind, count, bytes(self.data[place : place + size]))

    def _next(self, at: int) -> int:
        if at + (8 if self.big else 4) > len(self.data):
            return 0
        return self._take("Q" if self.big else "I", at)

    def _take(self, code: str, at: int) -> int:
        return int(struct.unpack_from(self.order + code, self.data, at)[0])


def build(order: str, main: Directory, below: dict[int, Directory]) -> bytes:
    """A classic TIFF structure of one directory and those `below` it, by the tag that points to each."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    at = 8 + len(_layout(order, main | dict.fromkeys(below, Entry(4, 1, bytes(4))), 8))
    pointers, tail = {}, b""
    for tag, directory in below.items():
        pointers[tag] = Entry(4, 1, struct.pack(order + "I", at + len(tail)))
        tail += _layout(order, directory, at + len(tail))
    return head + _layout(order, main | pointers, 8) + tail


def _layout(order: str, directory: Directory, at: int) -> bytes:
    """One directory as it stands at offset `at`, its longer values right behind it."""
    table = struct.pack(order + "H", len(directory))
    values = b""
    behind = at + 2 + 12 * len(directory) + 4
    for tag, entry in sorted(directory.items()):
        table += struct.pack(order + "HHI", tag, entry.kind, entry.length)
        if len(entry.raw) <= 4:
            table += entry.raw.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", behind + len(values))
            values += entry.raw + bytes(len(entry.raw) % 2)
    return table + bytes(4) + values
