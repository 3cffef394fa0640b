"""Encryption of files of any length in segments, each of which is authenticated before any of it is used.

The STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizar 2015, "Online authenticated-encryption and its
nonce-reuse misuse-resistance") as the age format uses it, with AES-256-GCM: a file has a key of its own, derived with
HKDF-SHA256 from the data key and a random salt; a segment's nonce is its number, and whether it is the last one. So
segments cannot be removed, repeated or put in another order, and the end cannot be cut off.

    MAGIC | salt | segment, tag | segment, tag | ...       all segments but the last have SEGMENT_BYTES
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STREAM_MAGIC = b"MBX2"
SALT_BYTES, TAG_BYTES, COUNTER_BYTES = 32, 16, 11
SEGMENT_BYTES = 120_000


def encrypt_chunks(key: bytes, chunks: Iterable[bytes], associated_data: bytes) -> Iterator[bytes]:
    """The encrypted file, in chunks."""
    salt = os.urandom(SALT_BYTES)
    yield STREAM_MAGIC + salt
    cipher = _file_cipher(key, salt, associated_data)
    for number, (segment, is_last) in enumerate(split_segments(chunks, SEGMENT_BYTES)):
        yield cipher.encrypt(_segment_nonce(number, is_last), segment, None)


def decrypt_chunks(key: bytes, chunks: Iterable[bytes], associated_data: bytes) -> Iterator[bytes]:
    """The content of an encrypted file, in chunks. cryptography's InvalidTag when it is not the file that was written
    with this key and associated data; chunks given out before are genuine."""
    from cryptography.exceptions import InvalidTag

    start, rest = read_start(chunks, len(STREAM_MAGIC) + SALT_BYTES)
    if not start.startswith(STREAM_MAGIC):
        raise InvalidTag
    cipher = _file_cipher(key, start[len(STREAM_MAGIC) :], associated_data)
    for number, (segment, is_last) in enumerate(split_segments(rest, SEGMENT_BYTES + TAG_BYTES)):
        yield cipher.decrypt(_segment_nonce(number, is_last), segment, None)


def split_segments(chunks: Iterable[bytes], length: int) -> Iterator[tuple[bytes, bool]]:
    """Segments of `length` bytes, and whether each is the last one, which may be shorter."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) > length:
            yield bytes(waiting[:length]), False
            del waiting[:length]
    yield bytes(waiting), True


def read_start(chunks: Iterable[bytes], length: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `length` bytes, fewer where there are no more, and the chunks that follow them."""
    rest, start = iter(chunks), bytearray()
    for chunk in rest:
        start += chunk
        if len(start) >= length:
            break

    def following() -> Iterator[bytes]:
        yield bytes(start[length:])
        yield from rest

    return bytes(start[:length]), following()


def _file_cipher(key: bytes, salt: bytes, associated_data: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), len(key), salt, associated_data).derive(key))


def _segment_nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(COUNTER_BYTES, "big") + bytes([is_last])
