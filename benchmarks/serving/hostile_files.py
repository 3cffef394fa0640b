"""Files made to cost a server more than they cost their sender, and mutations of them."""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image

FORMATS = ("jpeg", "png", "webp", "gif", "tiff", "bmp")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GIF_HEAD = b"GIF89a" + struct.pack("<HHBBB", 64, 64, 0, 0, 0)
EMPTY_BOX = struct.pack(">I4s", 8, b"free")

MakeFile = Callable[[random.Random, int], bytes]
"""A hostile file of about so many bytes."""


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_head(width: int, height: int) -> bytes:
    """Signature and header of a PNG in colour."""
    return PNG_SIGNATURE + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def nested_heif(boxes: bytes, kinds: Iterable[bytes]) -> bytes:
    """A HEIC file with boxes in boxes of these kinds, the innermost first."""
    for kind in kinds:
        boxes = struct.pack(">I4s", 8 + len(boxes), kind) + boxes
    return struct.pack(">I4s4sI", 16, b"ftyp", b"heic", 0) + boxes


def fill(head: bytes, part: bytes, size: int) -> bytes:
    """A head, and as many of a part as fit into a size."""
    return head + part * max(1, (size - len(head)) // len(part))


def directory_chain(count: int) -> bytes:
    """A TIFF of so many empty directories, each of which names the next."""
    directories = np.zeros(count, np.dtype([("tags", "<u2"), ("following", "<u4")]))
    directories["following"] = 8 + 6 * np.arange(1, count + 1)
    return b"II*\0\x08\0\0\0" + directories.tobytes()


def chained_tiff(rng: random.Random, size: int) -> bytes:
    return directory_chain(size // 6)


def wide_tiff(rng: random.Random, size: int) -> bytes:
    """A BigTIFF whose first directory lies beyond 2^63."""
    return b"II+\0\x08\0\0\0" + struct.pack("<Q", (1 << 63) + rng.getrandbits(62)) + bytes(64)


def jpeg_segments(rng: random.Random, size: int) -> bytes:
    return fill(b"\xff\xd8", b"\xff\xe1\0\2", size)


def jpeg_markers(rng: random.Random, size: int) -> bytes:
    return fill(b"\xff\xd8", b"\xff\xd0", size)


def jpeg_scans(rng: random.Random, size: int) -> bytes:
    """A progressive JPEG of 12 MP whose last scan, of some bytes, comes again and again: minutes for its decoder."""
    file = io.BytesIO()
    Image.new("L", (4000, 3000)).save(file, "jpeg", progressive=True)
    data = file.getvalue()
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scan * max(200, (size - len(data)) // len(scan)) + data[-2:]


def heif_boxes(rng: random.Random, size: int) -> bytes:
    return nested_heif(fill(b"", EMPTY_BOX, size), (b"iprp", b"meta"))


def gif_blocks(rng: random.Random, size: int) -> bytes:
    return fill(GIF_HEAD + b"\x21\xfe", b"\1a\2bc", size)


def png_chunks(rng: random.Random, size: int) -> bytes:
    return fill(png_head(64, 64), png_chunk(b"tEXt", b""), size)


def padded_png(rng: random.Random, size: int) -> bytes:
    """A small, whole picture, and bytes that nobody needs."""
    return encode(rng, "png", 64) + bytes(size)


def png_bomb(rng: random.Random, size: int) -> bytes:
    side = rng.randrange(10_000, 60_000)
    return png_head(side, side) + png_chunk(b"IDAT", zlib.compress(bytes(1 << 20), 9))


HOSTILE_FILES: tuple[MakeFile, ...] = (
    chained_tiff,
    wide_tiff,
    jpeg_segments,
    jpeg_markers,
    jpeg_scans,
    heif_boxes,
    gif_blocks,
    png_chunks,
    padded_png,
    png_bomb,
)


def encode(rng: random.Random, file_format: str, side: int) -> bytes:
    """A picture of noise, side x side."""
    pixels = np.frombuffer(rng.randbytes(3 * side * side), np.uint8).reshape(side, side, 3)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, file_format)
    return file.getvalue()


def mutate(rng: random.Random, content: bytes, max_changes: int = 12) -> bytes:
    """A file with some bytes changed, most of them near its start, and sometimes its end cut off."""
    changed = bytearray(content)
    for _ in range(rng.randrange(1, max_changes + 1)):
        limit = len(changed) if rng.random() < 0.3 else min(len(changed), 256)
        changed[rng.randrange(limit)] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
    if rng.random() < 0.2:
        del changed[rng.randrange(1, len(changed)) :]
    return bytes(changed)


def broken_picture(rng: random.Random) -> bytes:
    """A small picture of some format, mutated."""
    return mutate(rng, encode(rng, rng.choice(FORMATS), rng.randrange(8, 160)))


def hostile_file(rng: random.Random, size: int) -> bytes:
    """One of the hostile files, sometimes mutated."""
    content = rng.choice(HOSTILE_FILES)(rng, rng.randrange(size // 2, size))
    return mutate(rng, content) if rng.random() < 0.5 else content


def hostile_json(rng: random.Random, size: int) -> bytes:
    """JSON that is large, deep or odd."""
    kind = rng.randrange(4)
    if kind == 0:
        return b'{"a":' + b"[]," * (size // 3)
    if kind == 1:
        return b'{"a":[' + b"[]," * (size // 3) + b"[]]}"
    if kind == 2:
        return json.dumps({f"field{n}": n for n in range(size // 16)}).encode()
    return b'{"recipe":' + b"[" * (size // 2) + b"]" * (size // 2) + b"}"
