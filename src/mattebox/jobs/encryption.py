"""Encryption of stored jobs and of the server's buffer: AES-256-GCM. Jobs have a key from the settings, or none.

Each file is bound to its job and kind by the associated data, so that no file can replace another.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Protocol

from mattebox.core.interface import install_extra
from mattebox.errors import MatteboxError, UsageError
from mattebox.jobs.stream_encryption import STREAM_MAGIC, decrypt_chunks, encrypt_chunks, read_start

MAGIC = b"MBX1"  # followed by the nonce, the ciphertext and the tag
NONCE_BYTES, TAG_BYTES = 12, 16


class DecryptionError(MatteboxError):
    """A file was encrypted with another key, or changed."""


class Cipher(Protocol):
    """Encrypts and decrypts bytes. `associated_data` names them and must be the same both times."""

    def encrypt(self, content: bytes, associated_data: str) -> bytes:
        """The bytes to store."""

    def decrypt(self, stored: bytes, associated_data: str) -> bytes:
        """The content of stored bytes. DecryptionError."""

    def encrypt_stream(self, chunks: Iterable[bytes], associated_data: str) -> Iterator[bytes]:
        """The bytes to store of a large file, in chunks."""

    def decrypt_stream(self, chunks: Iterable[bytes], associated_data: str) -> Iterator[bytes]:
        """The content of a large file, in chunks. DecryptionError, perhaps after some of them."""


class PlaintextCipher:
    """Stores bytes as they are."""

    def encrypt(self, content: bytes, associated_data: str) -> bytes:
        return content

    def decrypt(self, stored: bytes, associated_data: str) -> bytes:
        if stored.startswith((MAGIC, STREAM_MAGIC)):
            raise DecryptionError(
                "the jobs on disk are encrypted", "give the key they were encrypted with, or empty the folder"
            )
        return stored

    def encrypt_stream(self, chunks: Iterable[bytes], associated_data: str) -> Iterator[bytes]:
        return iter(chunks)

    def decrypt_stream(self, chunks: Iterable[bytes], associated_data: str) -> Iterator[bytes]:
        start, rest = read_start(chunks, len(STREAM_MAGIC))
        yield self.decrypt(start, associated_data)
        yield from rest


class AesGcmCipher:
    """AES-256-GCM: with a random nonce for small files, in segments for large ones."""

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise UsageError("encryption needs an extra package", install_extra("server")) from error
        self._key, self._aes_gcm = key, AESGCM(key)

    @property
    def overhead_bytes(self) -> int:
        """By how much the encrypted bytes are longer."""
        return len(MAGIC) + NONCE_BYTES + TAG_BYTES

    def encrypt(self, content: bytes, associated_data: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return MAGIC + nonce + self._aes_gcm.encrypt(nonce, content, associated_data.encode())

    def decrypt(self, stored: bytes, associated_data: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        nonce, content = stored[len(MAGIC) : len(MAGIC) + NONCE_BYTES], stored[len(MAGIC) + NONCE_BYTES :]
        try:
            if not stored.startswith(MAGIC):
                raise InvalidTag
            return self._aes_gcm.decrypt(nonce, content, associated_data.encode())
        except (InvalidTag, ValueError):
            raise _wrong_key_error() from None

    def encrypt_stream(self, chunks: Iterable[bytes], associated_data: str) -> Iterator[bytes]:
        return encrypt_chunks(self._key, chunks, associated_data.encode())

    def decrypt_stream(self, chunks: Iterable[bytes], associated_data: str) -> Iterator[bytes]:
        from cryptography.exceptions import InvalidTag

        start, rest = read_start(chunks, len(MAGIC))
        if start == MAGIC:  # of version 1, which wrote files as a whole
            yield self.decrypt(start + b"".join(rest), associated_data)
            return
        try:
            yield from decrypt_chunks(self._key, chain((start,), rest), associated_data.encode())
        except InvalidTag:
            raise _wrong_key_error() from None


def cipher_from_key(key: str, key_file: str = "") -> Cipher:
    """The cipher for a key.

    Parameters
    ----------
    key
        32 bytes in base64 or hexadecimal.
    key_file
        A file that holds the key instead.

    Returns
    -------
    Cipher
        PlaintextCipher when there is neither.

    Raises
    ------
    UsageError
        The key is malformed or given twice, or the package is missing. No message contains the key.
    """
    if key and key_file:
        raise UsageError("the data key is given twice", "give it itself or its file, not both")
    if key_file:
        try:
            key = Path(key_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{key_file}: the data key cannot be read", "give a file with 32 bytes in base64"
            ) from error
    elif not key:
        return PlaintextCipher()
    return AesGcmCipher(_parse_data_key(key))


def _wrong_key_error() -> DecryptionError:
    return DecryptionError(
        "a job on disk cannot be decrypted with this key", "give the key it was encrypted with, or empty the folder"
    )


def _parse_data_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise UsageError(
            "the data key is not 32 bytes in base64 or hexadecimal", "make one with: openssl rand -base64 32"
        )
    return key
