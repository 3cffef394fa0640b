"""What lies on disk can be sealed, and a seal opens only with its key, in its place, unchanged."""

import base64
import builtins
from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.jobs.encryption import Open, Sealed, Unsealable, seal_of

KEY = bytes(range(32))


def test_sealed_and_opened() -> None:
    seal = Sealed(KEY)
    stored = seal.close(b"canary", "a/job")
    assert b"canary" not in stored
    assert stored != seal.close(b"canary", "a/job")
    assert seal.open(stored, "a/job") == b"canary"


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_a_changed_piece_does_not_open(at: int) -> None:
    stored = bytearray(Sealed(KEY).close(b"canary", "a/job"))
    stored[at] ^= 1
    with pytest.raises(Unsealable):
        Sealed(KEY).open(bytes(stored), "a/job")


def test_neither_elsewhere_nor_with_another_key_nor_without() -> None:
    stored = Sealed(KEY).close(b"canary", "a/job")
    for seal, about in ((Sealed(KEY), "b/job"), (Sealed(bytes(32)), "a/job"), (Open(), "a/job")):
        with pytest.raises(Unsealable, match="key"):
            seal.open(stored, about)
    with pytest.raises(Unsealable):
        Sealed(KEY).open(Open().close(b"canary", "a/job"), "a/job")


def test_the_key_comes_itself_or_by_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(base64.b64encode(KEY).decode() + "\n")
    stored = seal_of(KEY.hex()).close(b"canary", "x")
    assert seal_of("", str(file)).open(stored, "x") == b"canary"
    assert isinstance(seal_of(""), Open)


@pytest.mark.parametrize(("key", "file"), [("short", ""), ("x" * 44, ""), (KEY.hex(), "k"), ("", "/nowhere/key")])
def test_what_is_no_key_is_refused_without_showing_it(key: str, file: str) -> None:
    with pytest.raises(UsageError) as raised:
        seal_of(key, file)
    assert not key or key not in str(raised.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments, **options):  # type: ignore[no-untyped-def]
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="pip install"):
        seal_of(KEY.hex())
