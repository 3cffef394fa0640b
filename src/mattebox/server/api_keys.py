"""API keys in a file: who has one, what it may do, how much; the keys themselves only as their SHA-256.

A key is 256 random bits, so that its plain hash tells nothing. One JSON object a line; plain keys, one a line, are read
as well. Knows nothing of HTTP.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mattebox.errors import UsageError
from mattebox.io.atomic_write import write_bytes

PICTURES, JOBS, USAGE = "pictures", "jobs", "usage"
SCOPES = {PICTURES: "have pictures made", JOBS: "jobs, one's own", USAGE: "see the usage of all keys"}
PER_MINUTE = 500  # megapixels, as remove.bg counts; a smaller picture counts as one
MARK = "mbx_"


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key. `rate`: megapixels a minute; `quota`: pictures a calendar month, 0 for no end."""

    id: str
    hash: str
    name: str = ""
    scopes: tuple[str, ...] = (PICTURES, JOBS)
    rate: int = PER_MINUTE
    quota: int = 0
    created: str = ""
    revoked: str = ""


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def read(path: Path) -> list[Key]:
    """The keys of a file. UsageError when it cannot be read, or is no such file."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read", "make one with `mattebox keys create`") from error
    return [_read(path, line) for line in lines if line and not line.startswith("#")]


def create(path: Path, name: str, scopes: tuple[str, ...], rate: int, quota: int) -> tuple[Key, str]:
    """Add a key to a file, which may not be there yet; the key, and its secret, which is kept nowhere. UsageError."""
    known = read(path) if path.exists() else []
    if unknown := [s for s in scopes if s not in SCOPES]:
        raise UsageError(f"there is no scope {unknown[0]!r}", f"choose from {', '.join(SCOPES)}")
    secret = MARK + secrets.token_urlsafe(32)
    key = Key(secrets.token_hex(4), hashed(secret), name, scopes, rate, quota, _now())
    _write(path, [*known, key])
    return key, secret


def revoke(path: Path, which: str) -> Key:
    """Revoke a key by its id or its name; it stays in the file. UsageError when there is not exactly one."""
    known = read(path)
    found = [k for k in known if not k.revoked and which in (k.id, k.name)]
    if len(found) != 1:
        raise UsageError(f"{len(found)} keys in use are called {which!r}", "give an id from `mattebox keys list`")
    gone = msgspec.structs.replace(found[0], revoked=_now())
    _write(path, [gone if k.id == gone.id else k for k in known])
    return gone


def _read(path: Path, line: str) -> Key:
    if not line.startswith("{"):
        return Key(hashed(line)[:8], hashed(line), scopes=(PICTURES, JOBS))
    try:
        return msgspec.json.decode(line, type=Key)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: a line is no key ({error})", "make it with `mattebox keys create`") from error


def _write(path: Path, keys: list[Key]) -> None:
    write_bytes(path, b"".join(msgspec.json.encode(key) + b"\n" for key in keys), overwrite=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
