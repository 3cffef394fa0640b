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

PICTURES_SCOPE, JOBS_SCOPE, USAGE_SCOPE = "pictures", "jobs", "usage"
SCOPES = {PICTURES_SCOPE: "have pictures made", JOBS_SCOPE: "jobs, one's own", USAGE_SCOPE: "see the usage of all keys"}
DEFAULT_MEGAPIXELS_PER_MINUTE = 500  # megapixels, as remove.bg counts; a smaller picture counts as one
KEY_PREFIX = "mbx_"


class ApiKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key. `rate`: megapixels a minute; `quota`: pictures a calendar month, 0 for no end."""

    id: str
    hash: str
    name: str = ""
    scopes: tuple[str, ...] = (PICTURES_SCOPE, JOBS_SCOPE)
    rate: int = DEFAULT_MEGAPIXELS_PER_MINUTE
    quota: int = 0
    created: str = ""
    revoked: str = ""


def hash_key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def read_keys(path: Path) -> list[ApiKey]:
    """The keys of a file. UsageError when it cannot be read, or is no such file."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read", "make one with `mattebox keys create`") from error
    return [_parse_api_key(path, line) for line in lines if line and not line.startswith("#")]


def create_key(path: Path, name: str, scopes: tuple[str, ...], rate: int, quota: int) -> tuple[ApiKey, str]:
    """Add a key to a file, which may not be there yet; the key, and its secret, which is kept nowhere. UsageError."""
    known = read_keys(path) if path.exists() else []
    if unknown := [s for s in scopes if s not in SCOPES]:
        raise UsageError(f"there is no scope {unknown[0]!r}", f"choose from {', '.join(SCOPES)}")
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(secrets.token_hex(4), hash_key(secret), name, scopes, rate, quota, _utc_now())
    _write_keys(path, [*known, key])
    return key, secret


def revoke_key(path: Path, id_or_name: str) -> ApiKey:
    """Revoke a key by its id or its name; it stays in the file. UsageError when there is not exactly one."""
    known = read_keys(path)
    found = [k for k in known if not k.revoked and id_or_name in (k.id, k.name)]
    if len(found) != 1:
        raise UsageError(f"{len(found)} keys in use are called {id_or_name!r}", "give an id from `mattebox keys list`")
    gone = msgspec.structs.replace(found[0], revoked=_utc_now())
    _write_keys(path, [gone if k.id == gone.id else k for k in known])
    return gone


def _parse_api_key(path: Path, line: str) -> ApiKey:
    if not line.startswith("{"):
        return ApiKey(hash_key(line)[:8], hash_key(line), scopes=(PICTURES_SCOPE, JOBS_SCOPE))
    try:
        return msgspec.json.decode(line, type=ApiKey)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: a line is no key ({error})", "make it with `mattebox keys create`") from error


def _write_keys(path: Path, keys: list[ApiKey]) -> None:
    write_bytes(path, b"".join(msgspec.json.encode(key) + b"\n" for key in keys), overwrite=True)


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
