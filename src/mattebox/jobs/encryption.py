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

MARK = b"MBX1"  # mark | 12 bytes nonce | ciphertext and tag
NONCE = 12


class Unsealable(MatteboxError):
    """A piece that this key does not open, or that was changed."""


class Seal(Protocol):
    """`about` names the piece; only under the same name does it open again."""

    def close(self, content: bytes, about: str) -> bytes: ...

    def open(self, stored: bytes, about: str) -> bytes: ...


class Open:
    """No seal."""

    def close(self, content: bytes, about: str) -> bytes:
        return content

    def open(self, stored: bytes, about: str) -> bytes:
        if stored.startswith(MARK):
            raise Unsealable("the jobs on disk are sealed", "give the key they were sealed with, or empty the folder")
        return stored


class Sealed:
    """AES-256-GCM, a fresh nonce each time."""

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise UsageError(
                "encryption needs a package more", "pip install mattebox[encryption], or leave the key out"
            ) from error
        self._cipher = AESGCM(key)

    def close(self, content: bytes, about: str) -> bytes:
        nonce = os.urandom(NONCE)
        return MARK + nonce + self._cipher.encrypt(nonce, content, about.encode())

    def open(self, stored: bytes, about: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        nonce, content = stored[len(MARK) : len(MARK) + NONCE], stored[len(MARK) + NONCE :]
        try:
            if not stored.startswith(MARK):
                raise InvalidTag
            return self._cipher.decrypt(nonce, content, about.encode())
        except (InvalidTag, ValueError):
            raise Unsealable(
                "a job on disk does not open with this key", "give the key it was sealed with, or empty the folder"
            ) from None


def seal_of(key: str, file: str = "") -> Seal:
    """The seal for a key of 32 bytes, in base64 or hexadecimal, given itself or by a file; none for neither.

    UsageError when it is no such key; the key is in no message.
    """
    if key and file:
        raise UsageError("the data key is given twice", "give it itself or its file, not both")
    if file:
        try:
            key = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: the data key cannot be read", "give a file with 32 bytes in base64") from error
    elif not key:
        return Open()
    return Sealed(_bytes(key))


def _bytes(text: str) -> bytes:
    try:
        key = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise UsageError(
            "the data key is not 32 bytes in base64 or hexadecimal", "make one with: openssl rand -base64 32"
        )
    return key
