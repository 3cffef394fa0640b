"""Percent encoding of urlencoded forms, undone in pieces and as arrays.

`urllib.parse.unquote_to_bytes` makes an object of every escape, of which a body of 24 MB may have eight million.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

PIECE_BYTES = 240_000
_NO_DIGIT = 255
_DIGIT_VALUES = np.full(256, _NO_DIGIT, np.uint8)
for _value, _digits in enumerate((*"0123456789", "aA", "bB", "cC", "dD", "eE", "fF")):
    _DIGIT_VALUES[[ord(digit) for digit in _digits]] = _value


def unquote_pieces(text: bytes | memoryview) -> Iterator[bytes]:
    """Undo the encoding; what is no escape stays as it is."""
    at = 0
    while at < len(text):
        piece = bytes(text[at : at + PIECE_BYTES])
        escape = piece.find(b"%", PIECE_BYTES - 2)  # an escape is not cut in two
        piece = piece[:escape] if escape >= 0 else piece
        yield _unquote(piece.replace(b"+", b" "))
        at += len(piece)


def _unquote(piece: bytes) -> bytes:
    codes = np.frombuffer(piece, np.uint8)
    starts = np.flatnonzero(codes[: max(0, len(codes) - 2)] == ord("%"))
    high, low = _DIGIT_VALUES[codes[starts + 1]], _DIGIT_VALUES[codes[starts + 2]]
    is_escape = (high != _NO_DIGIT) & (low != _NO_DIGIT)
    starts, values = starts[is_escape], (high * 16 + low)[is_escape]
    unquoted, is_kept = codes.copy(), np.ones(len(codes), bool)
    unquoted[starts] = values
    is_kept[starts + 1] = is_kept[starts + 2] = False
    return unquoted[is_kept].tobytes()
