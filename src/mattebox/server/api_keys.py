"""File of API keys: name, scopes, rate and quota of each, and the SHA-256 of the key instead of the key.

A key is 256 random bits, so an unsalted hash is safe. The file holds one JSON object per line; plain keys, one per
line, are read too.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mattebox.core.struct_types import build_type_info
from mattebox.errors import UsageError
from mattebox.io.atomic_write import write_bytes

PICTURES_SCOPE, JOBS_SCOPE, USAGE_SCOPE, LOCATIONS_SCOPE = "pictures", "jobs", "usage", "locations"
SCOPES = {
    PICTURES_SCOPE: "process pictures",
    JOBS_SCOPE: "run jobs",
    USAGE_SCOPE: "see the usage of all keys",
    LOCATIONS_SCOPE: "read from and write to the operator's locations",
}
DEFAULT_MEGAPIXELS_PER_MINUTE = 500  # the limit of remove.bg
KEY_PREFIX = "mbx_"


class ApiKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key. `rate` in megapixels per minute; `quota` in pictures per calendar month, 0 for no limit."""

    id: str
    hash: str
    name: str = ""
    scopes: tuple[str, ...] = (PICTURES_SCOPE, JOBS_SCOPE)
    rate: int = DEFAULT_MEGAPIXELS_PER_MINUTE
    quota: int = 0
    created: str = ""
    revoked: str = ""


def hash_key(secret: str) -> str:
    """SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read_keys(path: Path) -> list[ApiKey]:
    """The keys of a file, revoked ones too. UsageError when it is unreadable or malformed."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read", "make one with `mattebox keys create`") from error
    return [_parse_api_key(path, line) for line in lines if line and not line.startswith("#")]


def create_key(path: Path, name: str, scopes: tuple[str, ...], rate: int, quota: int) -> tuple[ApiKey, str]:
    """Create a key and add it to a file.

    Parameters
    ----------
    path
        The key file; created if necessary.
    name
        What to call the key in lists.
    scopes
        What it allows, of `SCOPES`.
    rate
        Megapixels per minute.
    quota
        Pictures per calendar month; 0 for no limit.

    Returns
    -------
    key : ApiKey
        The stored entry.
    secret : str
        The key itself, which is stored nowhere.

    Raises
    ------
    UsageError
        For an unknown scope or an unreadable file.
    """
    keys = read_keys(path) if path.exists() else []
    if unknown := [s for s in scopes if s not in SCOPES]:
        raise UsageError(f"there is no scope {unknown[0]!r}", f"choose from {', '.join(SCOPES)}")
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(secrets.token_hex(4), hash_key(secret), name, scopes, rate, quota, _utc_now())
    _write_keys(path, [*keys, key])
    return key, secret


def revoke_key(path: Path, id_or_name: str) -> ApiKey:
    """Revoke a key by its id or name; its entry stays in the file. UsageError when not exactly one key matches."""
    keys = read_keys(path)
    matches = [k for k in keys if not k.revoked and id_or_name in (k.id, k.name)]
    if len(matches) != 1:
        raise UsageError(
            f"{len(matches)} keys in use are called {id_or_name!r}", "give an id from `mattebox keys list`"
        )
    revoked = msgspec.structs.replace(matches[0], revoked=_utc_now())
    _write_keys(path, [revoked if k.id == revoked.id else k for k in keys])
    return revoked


def _parse_api_key(path: Path, line: str) -> ApiKey:
    if not line.startswith("{"):
        return ApiKey(hash_key(line)[:8], hash_key(line), scopes=(PICTURES_SCOPE, JOBS_SCOPE))
    build_type_info(ApiKey)
    try:
        return msgspec.json.decode(line, type=ApiKey)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: a line is not a key ({error})", "make it with `mattebox keys create`") from error


def _write_keys(path: Path, keys: list[ApiKey]) -> None:
    write_bytes(path, b"".join(msgspec.json.encode(key) + b"\n" for key in keys), overwrite=True)


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
