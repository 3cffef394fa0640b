"""Stored files decrypt only with their key, under their name and unchanged."""

import base64
import builtins
import os
from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.jobs.encryption import AesGcmCipher, DecryptionError, PlaintextCipher, cipher_from_key
from mattebox.jobs.stream_encryption import SEGMENT_BYTES, TAG_BYTES

KEY = bytes(range(32))


def test_round_trip() -> None:
    cipher = AesGcmCipher(KEY)
    stored = cipher.encrypt(b"canary", "a/job")
    assert b"canary" not in stored
    assert stored != cipher.encrypt(b"canary", "a/job")
    assert cipher.decrypt(stored, "a/job") == b"canary"


@pytest.mark.parametrize("length", [0, 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES])
def test_large_files(length: int) -> None:
    cipher, content = AesGcmCipher(KEY), os.urandom(length)
    stored = list(cipher.encrypt_stream([content[:100_000], content[100_000:]], "a/task"))
    assert max(map(len, stored)) <= SEGMENT_BYTES + TAG_BYTES
    assert b"".join(cipher.decrypt_stream([b"".join(stored)], "a/task")) == content
    for other, name in ((AesGcmCipher(bytes(32)), "a/task"), (cipher, "b/task"), (PlaintextCipher(), "a/task")):
        with pytest.raises(DecryptionError):
            list(other.decrypt_stream(stored, name))


def test_segments_of_a_large_file_stay_where_they_are() -> None:
    cipher = AesGcmCipher(KEY)
    start, *segments = cipher.encrypt_stream([os.urandom(3 * SEGMENT_BYTES)], "a/task")
    changed = bytes([segments[0][0] ^ 1]) + segments[0][1:]
    orders = (segments[:2], segments[1:], [segments[1], segments[0], segments[2]], [*segments, segments[2]], [])
    for order in (*orders, [changed, *segments[1:]]):
        with pytest.raises(DecryptionError):
            list(cipher.decrypt_stream([start, *order], "a/task"))


def test_a_file_of_version_1_as_a_stream() -> None:
    cipher = AesGcmCipher(KEY)
    stored = cipher.encrypt(b"canary", "a/task")
    assert b"".join(cipher.decrypt_stream([stored[:3], stored[3:]], "a/task")) == b"canary"


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_a_changed_file_does_not_decrypt(at: int) -> None:
    stored = bytearray(AesGcmCipher(KEY).encrypt(b"canary", "a/job"))
    stored[at] ^= 1
    with pytest.raises(DecryptionError):
        AesGcmCipher(KEY).decrypt(bytes(stored), "a/job")


def test_neither_elsewhere_nor_with_another_key_nor_without() -> None:
    stored = AesGcmCipher(KEY).encrypt(b"canary", "a/job")
    for cipher, about in (
        (AesGcmCipher(KEY), "b/job"),
        (AesGcmCipher(bytes(32)), "a/job"),
        (PlaintextCipher(), "a/job"),
    ):
        with pytest.raises(DecryptionError, match="key"):
            cipher.decrypt(stored, about)
    with pytest.raises(DecryptionError):
        AesGcmCipher(KEY).decrypt(PlaintextCipher().encrypt(b"canary", "a/job"), "a/job")


def test_the_key_comes_itself_or_by_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(base64.b64encode(KEY).decode() + "\n")
    stored = cipher_from_key(KEY.hex()).encrypt(b"canary", "x")
    assert cipher_from_key("", str(file)).decrypt(stored, "x") == b"canary"
    assert isinstance(cipher_from_key(""), PlaintextCipher)


@pytest.mark.parametrize(("key", "file"), [("short", ""), ("x" * 44, ""), (KEY.hex(), "k"), ("", "/nowhere/key")])
def test_what_is_no_key_is_refused_without_showing_it(key: str, file: str) -> None:
    with pytest.raises(UsageError) as raised:
        cipher_from_key(key, file)
    assert not key or key not in str(raised.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments, **options):  # type: ignore[no-untyped-def]
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="pip install"):
        cipher_from_key(KEY.hex())
