"""Segments of JPEG files, and the pictures that lie behind the first one (Multi-Picture Format, CIPA DC-007)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mattebox.io.tiff_ifd import TiffStructure

START, MARKER_BYTES = b"\xff\xd8", 2
APP1, APP2 = 0xE1, 0xE2
XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
MPF_MARK = b"MPF\0"
MP_ENTRIES_TAG, MP_ENTRY_BYTES = 0xB002, 16
MAX_SEGMENTS, MAX_PICTURES = 2000, 16


class Segment(NamedTuple):
    """A segment before the first scan: its marker, where its contents begin, and they themselves."""

    marker: int
    start: int
    content: bytes


def iter_segments(data: bytes) -> Iterator[Segment]:
    """The segments of a JPEG before its first scan."""
    at = MARKER_BYTES
    for _ in range(MAX_SEGMENTS):
        if data[at : at + 1] != b"\xff" or data[at + 1 : at + 2] in (b"\xda", b"\xd9", b""):
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield Segment(data[at + 1], at + 4, data[at + 4 : at + 2 + length])
        at += 2 + max(2, length)


def further_pictures(data: bytes) -> list[bytes]:
    """The files of a JPEG's pictures after the first, by its index (MPF); none where it has none, or a broken one."""
    segment = next((s for s in iter_segments(data) if s.marker == APP2 and s.content.startswith(MPF_MARK)), None)
    if segment is None:
        return []
    header_at = segment.start + len(MPF_MARK)
    try:
        index = TiffStructure(segment.content[len(MPF_MARK) :])
        entries = index.read_ifd(index.first_ifd_offset)[0][MP_ENTRIES_TAG].raw_bytes
    except (ValueError, KeyError, struct.error):
        return []
    pictures = []
    for at in range(MP_ENTRY_BYTES, min(len(entries), MAX_PICTURES * MP_ENTRY_BYTES), MP_ENTRY_BYTES):
        _, length, offset = struct.unpack_from(f"{index.byte_order}III", entries, at)
        picture = data[header_at + offset : header_at + offset + length]
        if picture.startswith(START):
            pictures.append(picture)
    return pictures


def xmp_of(data: bytes) -> bytes:
    """The main XMP packet of a JPEG; empty where it has none."""
    packets = (s.content[len(XMP_MARK) :] for s in iter_segments(data) if s.content.startswith(XMP_MARK))
    return next(packets, b"")


def build_segment(marker: int, content: bytes) -> bytes:
    """A segment as bytes."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def insert_segments(data: bytes, segments: bytes) -> bytes:
    """A JPEG with segments after its JFIF, EXIF and XMP."""
    at = MARKER_BYTES
    for segment in iter_segments(data):
        if segment.marker not in (0xE0, APP1):
            break
        at = segment.start + len(segment.content)
    return data[:at] + segments + data[at:]
