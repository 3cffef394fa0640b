"""A fast PNG encoder: Up filter and ISA-L deflate, in strips on several threads, joined into one zlib stream.

Pillow at its default level takes seconds for 12 megapixels of RGBA, this encoder some tens of milliseconds
(benchmarks/encoders.py). It follows the PNG specification (W3C, third edition) and RFC 1950 and 1951: each strip is
deflated separately and ends on a byte boundary (sync flush), and the Adler-32 checksums of the strips are combined.
Memory is that of a few strips and the result.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from mattebox.core import cpu_threads
from mattebox.types import Pixels

DEFLATE_LEVEL = 1  # of ISA-L's 0..3; higher levels gain little on filtered photographs and cost much
STRIP_BYTES = 1_000_000  # approximate number of filtered bytes per strip
OPENING_BYTES = 8  # of a strip, deflated by themselves: more than 3 and at most 16 (see `_deflate`)
COLOUR_TYPE_BY_CHANNELS = {1: 0, 2: 4, 3: 2, 4: 6}  # grey, grey + alpha, RGB, RGBA
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADLER_MODULUS = 65521


def encode_png(
    colour: Pixels,
    alpha: Pixels | None = None,
    chunks: list[tuple[bytes, bytes]] | None = None,
    *,
    zero_hidden: bool = True,
    threads: int | None = None,
    strip_bytes: int = STRIP_BYTES,
) -> bytes:
    """Encode a PNG file.

    Parameters
    ----------
    colour
        H x W (grey) or H x W x 3, uint8 or uint16.
    alpha
        H x W of the same type, straight, or None.
    chunks
        Ancillary chunks (type, content), written before the pixels.
    zero_hidden
        Write colours under alpha 0 as 0.
    threads
        Number of threads; None uses the process's CPUs.
    strip_bytes
        Approximate number of filtered bytes per strip.
    """
    height, width = colour.shape[:2]
    channels = (1 if colour.ndim == 2 else 3) + (alpha is not None)
    depth = colour.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, depth, COLOUR_TYPE_BY_CHANNELS[channels], 0, 0, 0)
    body = b"".join(_deflate_strips(colour, alpha, zero_hidden, threads, strip_bytes))
    parts = [(b"IHDR", header), *(chunks or []), (b"IDAT", body), (b"IEND", b"")]
    return PNG_SIGNATURE + b"".join(build_chunk(kind, content) for kind, content in _split_long_chunks(parts))


def build_chunk(chunk_type: bytes, content: bytes) -> bytes:
    """Build one chunk: length, type, content, CRC."""
    crc = isal_zlib.crc32(content, isal_zlib.crc32(chunk_type))
    return b"".join((struct.pack(">I", len(content)), chunk_type, content, struct.pack(">I", crc)))


def _split_long_chunks(
    chunks: list[tuple[bytes, bytes]], max_chunk_bytes: int = 1 << 30
) -> Iterator[tuple[bytes, bytes]]:
    """Split chunks that are longer than a chunk may be (2 GB)."""
    for kind, content in chunks:
        for start in range(0, max(len(content), 1), max_chunk_bytes):
            yield kind, content if len(content) <= max_chunk_bytes else content[start : start + max_chunk_bytes]


def _deflate_strips(
    colour: Pixels, alpha: Pixels | None, zero_hidden: bool, threads: int | None, strip_bytes: int
) -> Iterator[bytes]:
    """Yield the zlib stream strip by strip."""
    height = len(colour)
    row = colour[0].nbytes + (0 if alpha is None else alpha[0].nbytes) + 1
    rows = max(1, strip_bytes // row)
    tops = range(0, height, rows)

    def deflate_strip(top: int) -> tuple[bytes, int, int]:
        filtered = _filter_rows(colour, alpha, top, min(top + rows, height), zero_hidden)
        return _deflate(filtered, is_last=top + rows >= height), isal_zlib.adler32(filtered), len(filtered)

    yield b"\x78\x01"
    total = 1
    with ThreadPoolExecutor(threads or cpu_threads.worker_count(len(tops))) as pool:
        for body, adler, length in pool.map(deflate_strip, tops):
            total = adler32_combine(total, adler, length)
            yield body
    yield struct.pack(">I", total)


def _deflate(content: memoryview, *, is_last: bool) -> bytes:
    """Deflate one strip; the same bytes give the same stream.

    At the first byte of a stream ISA-L's loop at levels 1 and 2 on x86 hashes, in place of the third byte's
    surroundings, the address of its own state, and about three streams in 8,192 differ for it
    (docs/experiments/2026-12-01-deflate-streams.md). Up to 16 bytes it leaves to another routine, which hashes right;
    so the first few are flushed by themselves. That costs about 25 bytes.
    """
    packer = isal_zlib.compressobj(DEFLATE_LEVEL, isal_zlib.DEFLATED, -15)
    opening = packer.compress(content[:OPENING_BYTES]) + packer.flush(isal_zlib.Z_SYNC_FLUSH)
    body = packer.compress(content[OPENING_BYTES:])
    return opening + body + packer.flush(isal_zlib.Z_FINISH if is_last else isal_zlib.Z_SYNC_FLUSH)


def _filter_rows(colour: Pixels, alpha: Pixels | None, top: int, bottom: int, zero_hidden: bool) -> memoryview:
    """Rows from `top` to `bottom`: big-endian, interleaved, Up-filtered, each with its filter byte."""
    above = max(0, top - 1)
    raw = _interleave_channels(colour[above:bottom], None if alpha is None else alpha[above:bottom], zero_hidden)
    out = np.empty((bottom - top, raw.shape[1] + 1), np.uint8)
    out[:, 0] = 2
    if top == 0:
        out[0, 1:] = raw[0]
        np.subtract(raw[1:], raw[:-1], out=out[1:, 1:])
    else:
        np.subtract(raw[1:], raw[:-1], out=out[:, 1:])
    return out.reshape(-1).data


def _interleave_channels(colour: Pixels, alpha: Pixels | None, zero_hidden: bool) -> NDArray[np.uint8]:
    """Rows of big-endian bytes, channels interleaved."""
    wide = colour.dtype.newbyteorder(">")
    if alpha is None:
        return np.ascontiguousarray(colour, wide).view(np.uint8).reshape(len(colour), -1)
    grey = colour[..., None] if colour.ndim == 2 else colour
    joined = np.empty((*grey.shape[:2], grey.shape[2] + 1), wide)
    for channel in range(grey.shape[2]):  # three times as fast as all at once
        joined[..., channel] = grey[..., channel]
    joined[..., -1] = alpha
    if zero_hidden:
        packed = joined.view(f"u{joined.itemsize * joined.shape[2]}")[..., 0]
        np.multiply(packed, alpha != 0, out=packed)
    return joined.view(np.uint8).reshape(len(colour), -1)


def adler32_combine(first_checksum: int, second_checksum: int, second_length: int) -> int:
    """Adler-32 of two concatenated byte strings, from their checksums and the second's length (zlib's formula)."""
    low = ((first_checksum & 0xFFFF) + (second_checksum & 0xFFFF) - 1) % ADLER_MODULUS
    high = (
        (first_checksum >> 16) + (second_checksum >> 16) + second_length * ((first_checksum & 0xFFFF) - 1)
    ) % ADLER_MODULUS
    return high << 16 | low


def profile_chunk(profile: bytes) -> tuple[bytes, bytes]:
    """An ICC profile as the iCCP chunk."""
    return b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)


def resolution_chunk(dpi: tuple[float, float]) -> tuple[bytes, bytes]:
    """Dots per inch as the pHYs chunk (pixels per metre)."""
    return b"pHYs", struct.pack(">IIB", *(round(d / 0.0254) for d in dpi), 1)


def xmp_chunk(xmp: bytes) -> tuple[bytes, bytes]:
    """An XMP packet as the iTXt chunk."""
    return b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp
