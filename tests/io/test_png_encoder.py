"""Our PNG encoder: what it writes, an independent decoder reads back exactly, and the stream is valid to the byte."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image

from mattebox.io import png_encoder
from mattebox.types import Pixels


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """All chunks, every CRC checked."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + length]
        assert struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + length
    return found


def decoded(content: bytes) -> np.ndarray:
    """A decoder of its own for filters 0 and 2: H x W x channels."""
    parts = chunks(content)
    width, height, bits, colour, *_ = struct.unpack(">IIBBBBB", parts[0][1])
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    raw = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    rows = np.frombuffer(raw, np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 2).all()
    plain = np.add.accumulate(rows[:, 1:], axis=0, dtype=np.uint8)
    return plain.copy().view(">u2" if bits == 16 else np.uint8).reshape(height, width, channels)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from([np.uint8, np.uint16]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 3000),
    st.integers(0, 2**32 - 1),
)
def test_round_trip(size: tuple[int, int], kind: type, grey: bool, clear: bool, strip: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    colour: Pixels = rng.integers(0, np.iinfo(kind).max, size if grey else (*size, 3), kind, endpoint=True)
    alpha: Pixels | None = rng.integers(0, 3, size, kind) if clear else None
    for zero in (False, True):
        made = decoded(png_encoder.encode_png(colour, alpha, zero_hidden=zero, strip_bytes=strip, threads=2))
        expected = colour.reshape(*size, -1).copy()
        if alpha is not None:
            if zero:
                expected[alpha == 0] = 0
            assert (made[..., -1] == alpha).all()
            made = made[..., :-1]
        assert (made == expected).all()


@given(st.binary(), st.binary())
def test_adler_of_two_parts(first: bytes, second: bytes) -> None:
    combined = png_encoder.adler32_combine(zlib.adler32(first), zlib.adler32(second), len(second))
    assert combined == zlib.adler32(first + second)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_pillow_reads_the_same(mode: str) -> None:
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 255, (70, 50, len(mode)), np.uint8)
    alpha = np.ascontiguousarray(stack[..., -1]) if mode.endswith("A") else None
    colour = stack[..., :3] if mode.startswith("RGB") else stack[..., 0]
    content = png_encoder.encode_png(np.ascontiguousarray(colour), alpha, zero_hidden=False, strip_bytes=500)
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == mode
        assert (np.asarray(image).reshape(stack.shape) == stack).all()


def test_order_of_chunks_and_what_they_hold() -> None:
    extra = [
        png_encoder.profile_chunk(b"profile" * 9),
        png_encoder.resolution_chunk((300, 300)),
        png_encoder.xmp_chunk(b"<x/>"),
    ]
    parts = chunks(png_encoder.encode_png(np.zeros((2, 2, 3), np.uint8), None, extra))
    assert [kind for kind, _ in parts] == [b"IHDR", b"iCCP", b"pHYs", b"iTXt", b"IDAT", b"IEND"]
    assert zlib.decompress(parts[1][1].split(b"\0\0", 1)[1]) == b"profile" * 9
    assert struct.unpack(">IIB", parts[2][1]) == (11811, 11811, 1)


def test_an_array_that_is_a_view_is_written_right() -> None:
    base = np.arange(10 * 12 * 3, dtype=np.uint16).reshape(10, 12, 3)
    assert (decoded(png_encoder.encode_png(base[::-1, ::2])) == base[::-1, ::2]).all()


def test_the_address_of_the_compressor_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """ISA-L hashes bits of its state's address once; a picture whose third byte's hash is the same shows it."""
    packers = [isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15) for _ in range(2)]
    first, second = (id(packer) + 64 >> 16 for packer in packers)  # the state lies behind the object's own fields
    assert first != second  # a state is larger than 64 KB
    rng = np.random.default_rng(0)
    candidates = rng.integers(0, 1 << 32, 200_000, np.uint32)
    candidates = candidates[crc32c(candidates) & 8191 == crc32c(np.array([first], np.uint32)) & 8191]
    same_hash = candidates[:1].view(np.uint8)
    row = rng.integers(0, 256, (1, 40_000), np.uint8)
    row[0, 1:5] = row[0, 300:304] = same_hash
    monkeypatch.setattr(png_encoder.isal_zlib, "compressobj", lambda *_: packers.pop())
    files = [png_encoder.encode_png(row, threads=1) for _ in range(2)]
    assert files[0] == files[1]
    assert (decoded(files[0])[..., 0] == row).all()


def crc32c(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """CRC-32C of each word's four bytes, from 0 and without inversion, as the processor's instruction has it."""
    for _ in range(32):
        words = words >> 1 ^ np.where(words & 1, np.uint32(0x82F63B78), np.uint32(0))
    return words
