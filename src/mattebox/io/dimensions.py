"""Width, height, number of frames and bit depth of each accepted format, read without decoding.

Every function takes the whole file and raises struct.error, IndexError or ValueError when it is cut off or broken.
Sources: ITU-T T.81 (JPEG), PNG 3rd edition, RFC 9649 (WebP), TIFF 6.0, GIF89a, ISO/IEC 14496-12 and 23008-12 (HEIF).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mattebox.io.tiff_ifd import TiffStructure


@dataclass(frozen=True)
class ImageDimensions:
    """Size as stored; `is_camera_raw` marks a raw file with TIFF structure, whose first page is only a preview."""

    width: int
    height: int
    frames: int = 1
    bits_per_channel: int = 8
    is_camera_raw: bool = False


def jpeg_dimensions(data: bytes) -> ImageDimensions:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no frame before the image data")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in (0x01, *range(0xD0, 0xD8)):
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width = struct.unpack_from(">BHH", data, at + 4)
            return ImageDimensions(width, height, bits_per_channel=bits)
        elif marker in (0xD9, 0xDA):
            raise ValueError("no frame before the image data")
        else:
            at = _find_next_marker(data, at + 2 + int(struct.unpack_from(">H", data, at + 2)[0]))


def _find_next_marker(data: bytes, offset: int) -> int:
    """The position of the next marker; some writers pad between segments, which decoders accept."""
    found = data.find(b"\xff", offset)
    return len(data) if found < 0 else found


def png_dimensions(data: bytes) -> ImageDimensions:
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    if data[12:16] != b"IHDR":
        raise ValueError("no IHDR chunk")
    frames, at = 1, 8
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"acTL":
            frames = max(1, int(struct.unpack_from(">I", data, at + 8)[0]))
        at += 12 + length
    return ImageDimensions(width, height, frames, bits)


def gif_dimensions(data: bytes) -> ImageDimensions:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at, frames = 13 + _colour_table_bytes(flags), 0
    while at < len(data) and data[at] in (0x2C, 0x21):
        if data[at] == 0x2C:
            left, top, w, h, flags = struct.unpack_from("<HHHHB", data, at + 1)
            if not frames:
                width, height = max(width, left + w), max(height, top + h)
            frames += 1
            at = _skip_sub_blocks(data, at + 11 + _colour_table_bytes(flags))
        else:
            at = _skip_sub_blocks(data, at + 2)
    return ImageDimensions(width, height, max(frames, 1))


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_sub_blocks(data: bytes, offset: int) -> int:
    """The position after a chain of sub-blocks; the end of the data when it is cut off."""
    while offset < len(data):
        length = data[offset]
        offset += 1 + length
        if not length:
            break
    return offset


def webp_dimensions(data: bytes) -> ImageDimensions:
    width = height = frames = 0
    for kind, at, size in _iter_riff_chunks(data):
        if kind == b"VP8X":
            packed = int.from_bytes(data[at + 4 : at + 7], "little"), int.from_bytes(data[at + 7 : at + 10], "little")
            width, height = packed[0] + 1, packed[1] + 1
        elif kind == b"ANMF":
            frames += 1
        elif kind == b"VP8L" and not width:
            if size < 5:
                raise ValueError("no image header")
            word = int.from_bytes(data[at + 1 : at + 5], "little")
            width, height = (word & 0x3FFF) + 1, (word >> 14 & 0x3FFF) + 1
        elif kind == b"VP8 " and not width:
            width, height = (v & 0x3FFF for v in struct.unpack_from("<HH", data, at + 6))
    return ImageDimensions(width, height, max(frames, 1))


def _iter_riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    while at + 8 <= len(data):
        (size,) = struct.unpack_from("<I", data, at + 4)
        yield data[at : at + 4], at + 8, size
        at += 8 + size + size % 2


def bmp_dimensions(data: bytes) -> ImageDimensions:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return ImageDimensions(width, abs(height))


def tiff_dimensions(data: bytes) -> ImageDimensions:
    """Size of the first page; pages that are reduced copies of others do not count as frames."""
    tags_to_read = {254, 256, 257, 258, 50706}
    file, visited, frames, first = TiffStructure(data), set[int](), 0, None
    at = file.first_ifd_offset
    while at and at not in visited:
        visited.add(at)
        tags, at = file.read_ifd(at, tags_to_read)
        first = first or tags
        frames += not (file.integer_value(tags.get(254)) or 0) & 1
    if first is None:
        raise ValueError("no page")
    width, height, bits = (file.integer_value(first.get(tag)) or 0 for tag in (256, 257, 258))
    raw = 50706 in first or bool((file.integer_value(first.get(254)) or 0) & 1)
    return ImageDimensions(width, height, max(frames, 1), bits or 1, raw)


CONTAINER_BOX_PREFIX_BYTES = {
    b"moov": 0,
    b"trak": 0,
    b"mdia": 0,
    b"minf": 0,
    b"stbl": 0,
    b"meta": 4,
    b"iprp": 0,
    b"ipco": 0,
}


def heif_dimensions(data: bytes) -> ImageDimensions:
    """AVIF and HEIC: the largest size declared by an `ispe` box or a track; no tile exceeds it."""
    sizes, frames, bits = [], 1, 8
    for kind, start, end in iter_boxes(data, 0, len(data)):
        if kind == b"ispe":
            sizes.append(struct.unpack_from(">II", data, start + 4))
        elif kind in (b"av01", b"hvc1", b"hev1"):
            sizes.append(struct.unpack_from(">HH", data, start + 24))
        elif kind == b"stsz":
            frames = max(frames, int(struct.unpack_from(">I", data, start + 8)[0]))
        elif kind == b"pixi" and end > start + 5:
            bits = max(bits, data[start + 5])
    if not sizes:
        raise ValueError("no picture inside")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return ImageDimensions(width, height, frames, bits)


def iter_boxes(
    data: bytes, offset: int, end: int, nesting_level: int = 0, *, flat: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of every box, including those inside containers unless `flat`."""
    while offset + 8 <= end and nesting_level < 10:
        size, kind = struct.unpack_from(">I4s", data, offset)
        start = offset + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = end if size == 0 else min(offset + size, end)
        if stop < start:
            raise ValueError("a box ends before it begins")
        yield kind, start, stop
        if flat:
            pass
        elif kind in CONTAINER_BOX_PREFIX_BYTES:
            yield from iter_boxes(data, start + CONTAINER_BOX_PREFIX_BYTES[kind], stop, nesting_level + 1)
        elif kind == b"stsd":
            yield from iter_boxes(data, start + 8, stop, nesting_level + 1)
        offset = stop
