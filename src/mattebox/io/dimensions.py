"""Width, height, number of frames and bit depth of each accepted format, read without decoding.

Every function takes the whole file and raises struct.error, IndexError or ValueError when it is cut off or broken, or
has more parts than a `ParsingBudget` allows.
Sources: ITU-T T.81 (JPEG), PNG 3rd edition, RFC 9649 (WebP), TIFF 6.0, GIF89a, ISO/IEC 14496-12 and 23008-12 (HEIF).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mattebox.io.parsing_budget import ParsingBudget
from mattebox.io.tiff_ifd import TiffStructure

STANDALONE_JPEG_MARKERS = (0x01, *range(0xD0, 0xD8))
FILL_BYTES = re.compile(rb"\xff+")
SUB_BLOCK_RUN = 256  # GIF sub-blocks looked at in one step


@dataclass(frozen=True)
class ImageDimensions:
    """Size as stored; `is_camera_raw` marks a raw file with TIFF structure, whose first page is only a preview."""

    width: int
    height: int
    frames: int = 1
    bits_per_channel: int = 8
    is_camera_raw: bool = False


def jpeg_dimensions(data: bytes) -> ImageDimensions:
    budget, at = ParsingBudget(), 2
    while True:
        budget.spend_parts()
        if data[at] != 0xFF:
            raise ValueError("no frame before the image data")
        at = _skip_fill_bytes(data, at)
        marker = data[at]
        if marker in STANDALONE_JPEG_MARKERS:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width = struct.unpack_from(">BHH", data, at + 3)
            return ImageDimensions(width, height, bits_per_channel=bits)
        elif marker in (0xD9, 0xDA):
            raise ValueError("no frame before the image data")
        else:
            at = _find_next_marker(data, at + 1 + int(struct.unpack_from(">H", data, at + 1)[0]))


def _skip_fill_bytes(data: bytes, offset: int) -> int:
    """The position after a run of 0xFF."""
    run = FILL_BYTES.match(data, offset)
    return run.end() if run else offset


def _find_next_marker(data: bytes, offset: int) -> int:
    """The position of the next marker; some writers pad between segments, which decoders accept."""
    found = data.find(b"\xff", offset)
    return len(data) if found < 0 else found


def png_dimensions(data: bytes) -> ImageDimensions:
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    if data[12:16] != b"IHDR":
        raise ValueError("no IHDR chunk")
    frames = 1
    for kind, start, _ in iter_png_chunks(data):
        if kind == b"acTL":
            frames = max(1, int(struct.unpack_from(">I", data, start)[0]))
    return ImageDimensions(width, height, frames, bits)


def iter_png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of every chunk before the pixels."""
    budget, at = ParsingBudget(), 8
    while at + 8 <= len(data) and (kind := data[at + 4 : at + 8]) != b"IDAT":
        budget.spend_parts()
        (length,) = struct.unpack_from(">I", data, at)
        yield kind, at + 8, at + 8 + length
        at += 12 + length


def gif_dimensions(data: bytes) -> ImageDimensions:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    budget, at, frames = ParsingBudget(), 13 + _colour_table_bytes(flags), 0
    while at < len(data) and data[at] in (0x2C, 0x21):
        if data[at] == 0x2C:
            left, top, w, h, flags = struct.unpack_from("<HHHHB", data, at + 1)
            if not frames:
                width, height = max(width, left + w), max(height, top + h)
            frames += 1
            at = _skip_sub_blocks(data, at + 11 + _colour_table_bytes(flags), budget)
        else:
            at = _skip_sub_blocks(data, at + 2, budget)
    return ImageDimensions(width, height, max(frames, 1))


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_sub_blocks(data: bytes, offset: int, budget: ParsingBudget) -> int:
    """The position after a chain of sub-blocks; the end of the data when it is cut off.

    A run of sub-blocks of one length is one part: pixels come in thousands of blocks of 255 bytes.
    """
    while offset < len(data):
        budget.spend_parts()
        length = data[offset]
        if not length:
            return offset + 1
        lengths = data[offset : offset + SUB_BLOCK_RUN * (length + 1) : length + 1]
        offset += (len(lengths) - len(lengths.lstrip(lengths[:1]))) * (length + 1)
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
    budget, at = ParsingBudget(), 12
    while at + 8 <= len(data):
        budget.spend_parts()
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


def qoi_dimensions(data: bytes) -> ImageDimensions:
    width, height = struct.unpack_from(">II", data, 4)
    return ImageDimensions(width, height)


def dds_dimensions(data: bytes) -> ImageDimensions:
    height, width = struct.unpack_from("<II", data, 12)
    return ImageDimensions(width, height)


def tga_dimensions(data: bytes) -> ImageDimensions:
    width, height = struct.unpack_from("<HH", data, 12)
    return ImageDimensions(width, height)


TGA_DEPTHS_BY_TYPE = {1: (8,), 9: (8,), 2: (15, 16, 24, 32), 10: (15, 16, 24, 32), 3: (8, 16), 11: (8, 16)}


def is_tga(data: bytes) -> bool:
    """Whether a file begins with a TGA header; the format has no signature, so every field must make sense."""
    if len(data) < 18:
        return False
    palette_type, image_type, depth, descriptor = data[1], data[2], data[16], data[17]
    (entries,) = struct.unpack_from("<H", data, 5)
    has_palette = palette_type == 1 and entries > 0 and data[7] in (15, 16, 24, 32)
    is_palette_sound = has_palette or (palette_type == 0 and not any(data[3:8]) and image_type not in (1, 9))
    width, height = struct.unpack_from("<HH", data, 12)
    is_depth_sound = depth in TGA_DEPTHS_BY_TYPE.get(image_type, ()) and descriptor & 0xC0 == 0
    return is_palette_sound and is_depth_sound and width > 0 and height > 0


def jpeg2000_dimensions(data: bytes) -> ImageDimensions:
    """Size by the SIZ segment of the codestream, and by the image header box where that is larger (ITU-T T.800)."""
    start, widths, heights = 0, [0], [0]
    if data[:4] != b"\xff\x4f\xff\x51":
        boxes = {kind: (at, end) for kind, at, end in iter_boxes(data, 0, len(data), is_flat=True)}
        start = boxes[b"jp2c"][0] if b"jp2c" in boxes else len(data)
        for kind, at, _ in iter_boxes(data, *boxes.get(b"jp2h", (0, 0)), is_flat=True):
            if kind == b"ihdr":
                height, width = struct.unpack_from(">II", data, at)
                widths, heights = [width], [height]
    if data[start : start + 4] != b"\xff\x4f\xff\x51":
        raise ValueError("no codestream")
    right, bottom, left, top = struct.unpack_from(">4I", data, start + 8)
    return ImageDimensions(
        max(right - left, *widths), max(bottom - top, *heights), bits_per_channel=(data[start + 42] & 0x7F) + 1
    )


CONTAINER_BOX_PREFIX_BYTES = {
    b"moov": 0,
    b"trak": 0,
    b"mdia": 0,
    b"minf": 0,
    b"stbl": 0,
    b"meta": 4,
    b"iprp": 0,
    b"ipco": 0,
    b"stsd": 8,
}
MAX_BOX_DEPTH = 10


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
        raise ValueError("no image inside")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return ImageDimensions(width, height, frames, bits)


def iter_boxes(data: bytes, start: int, end: int, *, is_flat: bool = False) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of every box, including those inside containers unless `is_flat`."""
    budget, ranges = ParsingBudget(), [(start, end)]  # ranges of boxes that are still to be read, outermost first
    while ranges:
        offset, end = ranges.pop()
        if offset + 8 > end:
            continue
        budget.spend_parts()
        size, kind = struct.unpack_from(">I4s", data, offset)
        start = offset + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = end if size == 0 else min(offset + size, end)
        if stop < start:
            raise ValueError("a box ends before it begins")
        yield kind, start, stop
        ranges.append((stop, end))
        prefix_bytes = None if is_flat else CONTAINER_BOX_PREFIX_BYTES.get(kind)
        if prefix_bytes is not None and len(ranges) <= MAX_BOX_DEPTH:
            ranges.append((start + prefix_bytes, stop))
