"""Raw reading and writing of TIFF 6.0 and BigTIFF directories (IFDs), which also hold EXIF.

Values stay raw bytes, so that they are copied exactly. Entries that point outside the data are skipped; all that is
read of one structure never takes more memory than the data it is read from.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from typing import NamedTuple

from mattebox.io.parsing_budget import ParsingBudget

TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
PARTS_PER_IFD = 4  # for the budget: an empty directory costs as much time as four tags
_SWAP_BYTES = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}  # of one number
CLASSIC_MAGIC, BIG_MAGIC = 42, 43
MAX_CLASSIC_OFFSET = 0xFFFF_FFFF
_NARROWER_TYPES = {16: 4, 17: 9, 18: 13}  # 8-byte integers and their 4-byte kinds
_INTEGER_FORMATS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


class IfdEntry(NamedTuple):
    """One tag: TIFF field type, number of values, and their bytes in the file's byte order."""

    field_type: int
    value_count: int
    raw_bytes: bytes


Ifd = dict[int, IfdEntry]


class TiffStructure:
    """A TIFF structure in memory. Raises ValueError when `data` does not begin with one."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        if data[:2] not in (b"II", b"MM") or len(data) < 8:
            raise ValueError("not a TIFF structure")
        self.byte_order = "<" if data[:2] == b"II" else ">"
        magic = self._unpack_at("H", 2)
        if magic not in (CLASSIC_MAGIC, BIG_MAGIC):
            raise ValueError("not a TIFF structure")
        self.is_big_tiff = magic == BIG_MAGIC
        self.first_ifd_offset = self._unpack_at("Q", 8) if self.is_big_tiff else self._unpack_at("I", 4)
        self._budget = ParsingBudget(max_bytes=len(data))

    def read_ifd(self, offset: int, requested_tags: Container[int] | None = None) -> tuple[Ifd, int]:
        """Read the tags of the directory at `offset`; return them and the offset of the next directory (0 = none).

        Raises struct.error or ValueError when the directory is broken, or the object has read more of them than a
        `ParsingBudget` allows.
        """
        count_format, at, entry_format = ("Q", offset + 8, "HHQ8s") if self.is_big_tiff else ("H", offset + 2, "HHI4s")
        width = 20 if self.is_big_tiff else 12
        count = min(self._unpack_at(count_format, offset), max(0, len(self.data) - at) // width)
        self._budget.spend_parts(PARTS_PER_IFD + count)
        ifd: Ifd = {}
        entries = struct.iter_unpack(self.byte_order + entry_format, self.data[at : at + count * width])
        for tag, kind, value_count, inline in entries:
            if tag in ifd or (requested_tags is not None and tag not in requested_tags):
                continue
            raw = self._read_value(TYPE_BYTES.get(kind, 0) * value_count, inline)
            if raw:
                ifd[tag] = IfdEntry(kind, value_count, raw)
        return ifd, self._next_ifd_offset(at + count * width)

    def with_sub_ifd(self, ifd: Ifd) -> tuple[bytes, IfdEntry]:
        """The data with `ifd` appended, and the entry that points to it. Not for BigTIFF."""
        body = self.data + bytes(len(self.data) % 2)
        pointer = IfdEntry(4, 1, struct.pack(self.byte_order + "I", len(body)))
        return body + _serialise_ifd(self.byte_order, ifd, len(body)), pointer

    def with_ifd(self, ifd: Ifd) -> bytes:
        """The data with `ifd`, appended at the end, as its only directory; a BigTIFF becomes a classic TIFF.

        Raises ValueError for a BigTIFF beyond what a classic TIFF can hold: 4 GiB.
        """
        body = self.data + bytes(len(self.data) % 2)
        if self.is_big_tiff:
            if len(body) > MAX_CLASSIC_OFFSET:
                raise ValueError("a BigTIFF of more than 4 GiB")
            ifd = {tag: self._narrow_entry(entry) for tag, entry in ifd.items()}
        head = body[:2] + struct.pack(self.byte_order + "HI", CLASSIC_MAGIC, len(body))
        return head + body[8:] + _serialise_ifd(self.byte_order, ifd, len(body))

    def integer_value(self, entry: IfdEntry | None) -> int | None:
        """The first value of an integer entry; None for other types."""
        code = _INTEGER_FORMATS.get(entry.field_type) if entry else None
        if entry is None or code is None or not entry.raw_bytes:
            return None
        return int(struct.unpack_from(self.byte_order + code, entry.raw_bytes)[0])

    def _narrow_entry(self, entry: IfdEntry) -> IfdEntry:
        """An entry of 8-byte integers as 4-byte ones; others as they are. ValueError for values that do not fit."""
        if entry.field_type not in _NARROWER_TYPES:
            return entry
        narrow_type = _NARROWER_TYPES[entry.field_type]
        signs = ("q", "i") if narrow_type == 9 else ("Q", "I")
        count = len(entry.raw_bytes) // 8
        values = struct.unpack(f"{self.byte_order}{count}{signs[0]}", entry.raw_bytes[: 8 * count])
        try:
            raw = struct.pack(f"{self.byte_order}{count}{signs[1]}", *values)
        except struct.error as error:
            raise ValueError("an offset beyond 4 GiB") from error
        return IfdEntry(narrow_type, count, raw)

    def _read_value(self, size: int, inline: bytes) -> bytes:
        """The bytes of an entry's value, of which `inline` holds a short one itself, or else its offset; empty when
        it lies outside the data."""
        if size <= len(inline):
            return inline[:size]
        (at,) = struct.unpack(self.byte_order + ("Q" if self.is_big_tiff else "I"), inline)
        if at + size > len(self.data) or not self._budget.spend_bytes(size):
            return b""
        return bytes(self.data[at : at + size])

    def _next_ifd_offset(self, offset: int) -> int:
        if offset + (8 if self.is_big_tiff else 4) > len(self.data):
            return 0
        return self._unpack_at("Q" if self.is_big_tiff else "I", offset)

    def _unpack_at(self, struct_format: str, offset: int) -> int:
        if offset > len(self.data):  # BigTIFF's may be larger than what `struct` takes
            raise ValueError("an offset beyond its end")
        return int(struct.unpack_from(self.byte_order + struct_format, self.data, offset)[0])


def build_tiff(byte_order: str, main_ifd: Ifd, sub_ifds: dict[int, Ifd]) -> bytes:
    """Build a classic TIFF structure of a main directory and sub-directories, by the tag that points to each."""
    head = (b"II" if byte_order == "<" else b"MM") + struct.pack(byte_order + "HI", CLASSIC_MAGIC, 8)
    at = 8 + len(_serialise_ifd(byte_order, main_ifd | dict.fromkeys(sub_ifds, IfdEntry(4, 1, bytes(4))), 8))
    pointers, tail = {}, b""
    for tag, directory in sub_ifds.items():
        pointers[tag] = IfdEntry(4, 1, struct.pack(byte_order + "I", at + len(tail)))
        tail += _serialise_ifd(byte_order, directory, at + len(tail))
    return head + _serialise_ifd(byte_order, main_ifd | pointers, 8) + tail


def convert_byte_order(ifd: Ifd, source: str, target: str) -> Ifd:
    """A directory of one byte order ("<" or ">") in another; values of the type UNDEFINED stay as they are."""
    if source == target:
        return ifd
    return {tag: entry._replace(raw_bytes=_swap_bytes(entry)) for tag, entry in ifd.items()}


def _swap_bytes(entry: IfdEntry) -> bytes:
    size = _SWAP_BYTES.get(entry.field_type, 1)
    raw = entry.raw_bytes
    return b"".join(raw[at : at + size][::-1] for at in range(0, len(raw), size)) if size > 1 else raw


def _serialise_ifd(byte_order: str, ifd: Ifd, offset: int) -> bytes:
    """Serialise a directory placed at `offset`, followed by its longer values."""
    table = struct.pack(byte_order + "H", len(ifd))
    values = b""
    behind = offset + 2 + 12 * len(ifd) + 4
    for tag, entry in sorted(ifd.items()):
        table += struct.pack(byte_order + "HHI", tag, entry.field_type, entry.value_count)
        if len(entry.raw_bytes) <= 4:
            table += entry.raw_bytes.ljust(4, b"\0")
        else:
            table += struct.pack(byte_order + "I", behind + len(values))
            values += entry.raw_bytes + bytes(len(entry.raw_bytes) % 2)
    return table + bytes(4) + values
