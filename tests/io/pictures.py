"""Makers of test pictures that share no code with the house: a PNG and a TIFF encoder, ICC profiles, EXIF blocks."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

PAETH = 4


def scene(height: int = 48, width: int = 64) -> np.ndarray:
    """An asymmetric picture, smooth enough for JPEG: no flip or turn of it looks like another."""
    y, x = np.mgrid[:height, :width] / (height, width)[0]
    rgb = np.stack([40 + 150 * x / x.max(), 30 + 170 * y / y.max(), 60 + 100 * x * y / (x * y).max()], -1)
    rgb[: height // 3, : width // 4] = (230, 40, 30)
    return rgb.round().astype(np.uint8)


def noise(shape: tuple[int, ...], dtype: type = np.uint16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def saved(pixels: np.ndarray | Image.Image, format: str, **options: Any) -> bytes:
    """By Pillow."""
    image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    pixels: np.ndarray, colour: int, bits: int, *, filters: list[int] | None = None, before: list[bytes] | None = None
) -> bytes:
    """H x W (x C) samples as PNG of a colour type (0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA). `filters`: the
    filter of each row in turn (0 to 4); `before`: chunks in front of the data."""
    height, width = pixels.shape[:2]
    rows = [packed(row, bits) for row in pixels.reshape(height, -1)]
    step = max(1, (pixels.reshape(height, width, -1).shape[2] * bits) // 8)
    above, lines = bytes(len(rows[0])), b""
    for y, row in enumerate(rows):
        kind = filters[y % len(filters)] if filters else 0
        lines += bytes([kind]) + filter_row(row, above, kind, step)
        above = row
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *(before or []), chunk(b"IDAT", zlib.compress(lines, 1)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def packed(row: np.ndarray, bits: int) -> bytes:
    if bits == 16:
        return row.astype(">u2").tobytes()
    digits = (row.astype(np.uint8)[:, None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(digits.reshape(-1)).tobytes()


def filter_row(row: bytes, above: bytes, kind: int, step: int) -> bytes:
    """PNG 9.2: what is stored is the difference from a prediction."""
    made = bytearray()
    for i, value in enumerate(row):
        left = row[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        guess = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]
        made.append((value - guess) & 255)
    return bytes(made)


def paeth(a: int, b: int, c: int) -> int:
    distance = {v: abs(a + b - c - v) for v in (c, b, a)}
    return next(v for v in (a, b, c) if distance[v] == min(distance.values()))


def tiff(
    pixels: np.ndarray,
    *,
    order: str = "<",
    photometric: int = 2,
    extra: int | None = None,
    planar: bool = False,
    deflate: bool = False,
    tags: dict[int, tuple[int, list[int]]] | None = None,
) -> bytes:
    """H x W (x C) uint8 or uint16 as a TIFF of one strip (or one per plane). `tags`: further ones (type, values)."""
    height, width = pixels.shape[:2]
    cube = pixels.reshape(height, width, -1)
    bits = pixels.dtype.itemsize * 8
    layers = [cube[..., c] for c in range(cube.shape[2])] if planar else [cube]
    strips = [layer.astype(pixels.dtype.newbyteorder(order)).tobytes() for layer in layers]
    strips = [zlib.compress(s) if deflate else s for s in strips]
    starts = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    fields: dict[int, tuple[int, list[int]]] = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * cube.shape[2]),
        259: (3, [8 if deflate else 1]),
        262: (3, [photometric]),
        273: (4, starts),
        277: (3, [cube.shape[2]]),
        278: (4, [height]),
        279: (4, [len(s) for s in strips]),
        284: (3, [2 if planar else 1]),
        **({} if extra is None else {338: (3, [extra])}),
        **(tags or {}),
    }
    body = b"".join(strips)
    body += bytes(len(body) % 2)
    return (
        struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(body))
        + body
        + directory(order, 8 + len(body), fields)
    )


def directory(order: str, at: int, fields: dict[int, tuple[int, list[int]]]) -> bytes:
    table, values, behind = struct.pack(order + "H", len(fields)), b"", at + 6 + 12 * len(fields)
    for tag, (kind, numbers) in sorted(fields.items()):
        content = struct.pack(order + {1: "B", 3: "H", 4: "I"}[kind] * len(numbers), *numbers)
        table += struct.pack(order + "HHI", tag, kind, len(numbers))
        if len(content) <= 4:
            table += content.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", behind + len(values))
            values += content
    return table + bytes(4) + values


P3 = ((0.515102, 0.241182, -0.001049), (0.291965, 0.692236, 0.041882), (0.157153, 0.066582, 0.784378))
SRGB = ((0.436066, 0.222488, 0.013916), (0.385147, 0.716873, 0.097076), (0.143066, 0.060608, 0.714096))


def rgb_profile(primaries: tuple[tuple[float, float, float], ...] = P3) -> bytes:
    """An ICC profile of three primaries (XYZ under D50) with sRGB's tone curve."""
    curve = b"para" + struct.pack(">IHH5i", 0, 3, 0, *map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    colorants = {n: xyz(c) for n, c in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    return profile(b"RGB ", colorants | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def grey_profile(gamma: float) -> bytes:
    return profile(b"GRAY", {b"kTRC": b"para" + struct.pack(">IHHi", 0, 0, 0, fixed(gamma))})


def cmyk_profile(lab: np.ndarray) -> bytes:
    """An ICC profile for inks by a table: 2 x 2 x 2 x 2 corners (C, M, Y, K; none or full) x 3 of L, a, b."""
    corners = np.stack([lab[..., 0] * 2.55, lab[..., 1] + 128, lab[..., 2] + 128], -1)
    straight = bytes(range(256))
    table = b"mft1" + struct.pack(">IBBBx9i", 0, 4, 3, 2, *map(fixed, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table += 4 * straight + corners.round().astype(np.uint8).tobytes() + 3 * straight
    return profile(b"CMYK", {b"A2B0": table}, kind=b"prtr", connection=b"Lab ")


def profile(space: bytes, tags: dict[bytes, bytes], *, kind: bytes = b"mntr", connection: bytes = b"XYZ ") -> bytes:
    """ICC.1:2001, 7.2: a header of 128 bytes, the tag table, the tags."""
    text = b"desc" + struct.pack(">II", 0, 5) + b"test\0" + bytes(79)
    tags = {b"desc": text, b"wtpt": xyz((0.9642, 1.0, 0.8249)), **tags}
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I4xI4s4s4s12x4s", start + len(body), 0x02400000, kind, space, connection, b"acsp")
    return (head.ljust(68, b"\0") + xyz((0.9642, 1.0, 0.8249))[8:]).ljust(128, b"\0") + table + body


def xyz(colour: tuple[float, float, float]) -> bytes:
    return b"XYZ " + struct.pack(">I3i", 0, *map(fixed, colour))


def fixed(value: float) -> int:
    return round(value * 65536)


def exif(orientation: int = 1, *, private: bool = False) -> bytes:
    """An EXIF block with a camera and a date; `private` adds place, serial number, owner and maker note."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Maker & Co"
    block[0x8298] = "(c) Somebody"
    sub: dict[int, Any] = {0x9003: "2024:05:06 07:08:09", 0x829A: 0.004, 0xA434: "Lens 50mm"}
    if private:
        block[0x8825] = {1: "N", 2: (48.0, 8.0, 7.0), 3: "E", 4: (11.0, 34.0, 12.0)}
        sub |= {0xA431: "SERIAL-4711", 0xA430: "Olga Owner", 0x927C: b"MAKERNOTE-SECRET"}
    block[0x8769] = sub
    return block.tobytes()
