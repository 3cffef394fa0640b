"""Authentication and authorisation by API keys, which are known by their hashes alone.

The key file is read again when it changes, so that a revoked key stops working within a second.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from mattebox.errors import UsageError
from mattebox.server.api_keys import DEFAULT_MEGAPIXELS_PER_MINUTE, PICTURES_SCOPE, SCOPES, ApiKey, hash_key, read_keys
from mattebox.server.http.problems import Problem

LOCAL_CALLER = "local"
RELOAD_INTERVAL_SECONDS = 1.0  # between checks of the key file


@dataclass
class AccessControl:
    """API keys by their hash, and what each allows. Without keys, everyone is LOCAL_CALLER and has every scope."""

    keys: dict[str, ApiKey] = field(default_factory=dict)
    path: Path | None = None
    _file_stamp: tuple[float, int] = (0.0, 0)
    _checked_at: float = 0.0

    @classmethod
    def from_keys(cls, keys: Iterable[str]) -> AccessControl:
        return cls({hash_key(k): ApiKey(hash_key(k)[:8], hash_key(k)) for k in keys})

    @classmethod
    def from_file(cls, path: str) -> AccessControl:
        """The keys of a file; no keys for an empty path. UsageError when it is unreadable or all keys are revoked."""
        if not path:
            return cls()
        access = cls(path=Path(path))
        access._load_keys()
        if not access.keys:
            raise UsageError(f"{path}: holds no key in use", "make one with `mattebox keys create`")
        return access

    @property
    def requires_key(self) -> bool:
        """Whether callers need a key."""
        return self.path is not None or bool(self.keys)

    def authenticate(self, key: str | None) -> str | None:
        """The caller's name (the hash of the key); None for an unknown or missing key."""
        if not self.requires_key:
            return LOCAL_CALLER
        self._reload_if_changed()
        name = hash_key(key or "")
        return name if name in self.keys else None

    def has_scope(self, caller: str, scope: str) -> bool:
        """Whether a caller may use a scope."""
        return scope in (SCOPES if caller == LOCAL_CALLER else self.keys[caller].scopes if caller in self.keys else ())

    def monthly_quota(self, caller: str) -> int:
        """Pictures per calendar month; 0 for no limit."""
        return self.keys[caller].quota if caller in self.keys else 0

    def megapixels_per_minute(self, caller: str) -> int:
        """The caller's rate limit."""
        return self.keys[caller].rate if caller in self.keys else DEFAULT_MEGAPIXELS_PER_MINUTE

    def _reload_if_changed(self) -> None:
        """Read the key file again when it has changed; keep the known keys when it cannot be read."""
        now = time.monotonic()
        if self.path is None or now - self._checked_at < RELOAD_INTERVAL_SECONDS:
            return
        self._checked_at = now
        try:
            status = self.path.stat()
            if (status.st_mtime, status.st_ino) != self._file_stamp:
                self._load_keys()
        except (OSError, UsageError):
            return

    def _load_keys(self) -> None:
        assert self.path is not None
        active_keys = {k.hash: k for k in read_keys(self.path) if not k.revoked}
        status = self.path.stat()
        self.keys, self._file_stamp = active_keys, (status.st_mtime, status.st_ino)


def require_caller(access: AccessControl, request: Request, scope: str = PICTURES_SCOPE) -> str:
    """Authenticate a request and authorise it for a scope.

    Parameters
    ----------
    access
        The known keys.
    request
        Its X-API-Key header carries the key.
    scope
        What the caller wants to do, one of `api_keys.SCOPES`.

    Returns
    -------
    str
        The caller's name, under which usage is counted.

    Raises
    ------
    Problem
        401 for an unknown or missing key, 403 for a scope that the key does not have.
    """
    caller = access.authenticate(request.headers.get("x-api-key"))
    if caller is None:
        raise Problem(401, "key_unknown", "the API key is missing or unknown", "send it as X-API-Key")
    require_scope(access, caller, scope)
    return caller


def name_sharer(access: AccessControl, request: Request) -> str:
    """Whose share of threads and workers a request takes: its key's, or where no keys are, its address's."""
    if access.requires_key:
        return access.authenticate(request.headers.get("x-api-key")) or ""
    return request.client.host if request.client else LOCAL_CALLER


def require_scope(access: AccessControl, caller: str, scope: str) -> None:
    """Problem 403 for a caller whose key does not have a scope."""
    if not access.has_scope(caller, scope):
        raise Problem(403, "scope_missing", f"the API key is not for {scope}", "ask for one with that scope")
