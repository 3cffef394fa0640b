"""What lies on disk, sealed or open: AES-256-GCM with a key that is not there, or the bytes as they are.

A sealed piece is bound to its job and its kind (additional data of GCM), so that no file can stand in for another.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import Protocol

from mattebox.errors import MatteboxError, UsageError

MAGIC = b"MBX1"  # mark | 12 bytes nonce | ciphertext and tag
NONCE_BYTES = 12


class DecryptionError(MatteboxError):
    """A piece that this key does not open, or that was changed."""


class Cipher(Protocol):
    """`about` names the piece; only under the same name does it open again."""

    def encrypt(self, content: bytes, associated_data: str) -> bytes: ...

    def decrypt(self, stored: bytes, associated_data: str) -> bytes: ...


class PlaintextCipher:
    """No seal."""

    def encrypt(self, content: bytes, associated_data: str) -> bytes:
        return content

    def decrypt(self, stored: bytes, associated_data: str) -> bytes:
        if stored.startswith(MAGIC):
            raise DecryptionError(
                "the jobs on disk are sealed", "give the key they were sealed with, or empty the folder"
            )
        return stored


class AesGcmCipher:
    """AES-256-GCM, a fresh nonce each time."""

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise UsageError(
                "encryption needs a package more", "pip install mattebox[encryption], or leave the key out"
            ) from error
        self._aes_gcm = AESGCM(key)

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
            raise DecryptionError(
                "a job on disk does not open with this key", "give the key it was sealed with, or empty the folder"
            ) from None


def cipher_from_key(key: str, key_file: str = "") -> Cipher:
    """The seal for a key of 32 bytes, in base64 or hexadecimal, given itself or by a file; none for neither.

    UsageError when it is no such key; the key is in no message.
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
