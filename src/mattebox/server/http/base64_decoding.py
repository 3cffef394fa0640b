"""Decoding of base64 fields piece by piece, so that no picture is decoded as a whole."""

from __future__ import annotations

import binascii
from collections.abc import Iterable

from mattebox.server.content_buffer import BufferedFile, Content, ContentBuffer
from mattebox.server.http.problems import Problem

LINE_BREAKS = b"\r\n\t"  # spaces stay: they would be the + of a form that was not encoded
PIECE_BYTES = 240_000
DATA_URL_PREFIX = b"data:"


def decode_base64(pieces: Iterable[bytes], buffer: ContentBuffer, name: str) -> Content:
    """Decode base64, with or without a data: prefix, into a file; line breaks do not matter.

    Raises
    ------
    Problem
        422 when it is malformed; `name` is the field's.
    """
    file, rest, is_first = BufferedFile(buffer), b"", True
    try:
        for piece in pieces:
            text = rest + piece.translate(None, LINE_BREAKS)
            if is_first:
                text, is_first = _strip_start(text), False
            whole = max(0, (len(text) - 1) // 4 * 4)  # what comes last may be padded, hence waits for the end
            file.write(_decode(text[:whole], is_end=False))
            rest = text[whole:]
        file.write(_decode(rest.rstrip(), is_end=True))
    except (binascii.Error, ValueError):
        raise Problem(422, "invalid_parameter", f"{name} is not base64", "encode the file's bytes as base64") from None
    return file.content()


def iter_pieces(text: bytes | memoryview) -> Iterable[bytes]:
    """Cut bytes into pieces."""
    return (bytes(text[start : start + PIECE_BYTES]) for start in range(0, len(text), PIECE_BYTES))


def _strip_start(text: bytes) -> bytes:
    """Drop a data: prefix and spaces."""
    text = text.lstrip()
    if not text.startswith(DATA_URL_PREFIX):
        return text
    _, comma, encoded = text.partition(b",")
    if not comma:
        raise ValueError("no data")
    return encoded


def _decode(text: bytes, *, is_end: bool) -> bytes:
    decoded = binascii.a2b_base64(text, strict_mode=True) if text else b""
    if not is_end and len(decoded) * 4 != len(text) * 3:
        raise binascii.Error("padding before the end")
    return decoded
