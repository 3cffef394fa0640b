"""Who may call, what, and how much in a minute. The file of keys is read again when it changes; keys are known by their
hashes alone and written nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.errors import UsageError
from mattebox.server.api_keys import DEFAULT_MEGAPIXELS_PER_MINUTE, SCOPES, ApiKey, hash_key, read_keys

LOCAL_CALLER = "local"
RELOAD_INTERVAL_SECONDS = 1.0  # seconds between looks at the file


@dataclass
class RateWindow:
    """One caller's minute."""

    started_at: float = 0.0
    megapixels: int = 0


@dataclass
class AccessControl:
    """Known keys by their hash, and every caller's minute. Without keys, everyone is LOCAL and may do everything."""

    keys: dict[str, ApiKey] = field(default_factory=dict)
    path: Path | None = None
    rate_windows: dict[str, RateWindow] = field(default_factory=dict)
    _file_stamp: tuple[float, int] = (0.0, 0)
    _checked_at: float = 0.0

    @classmethod
    def from_keys(cls, keys: Iterable[str]) -> AccessControl:
        return cls({hash_key(k): ApiKey(hash_key(k)[:8], hash_key(k)) for k in keys})

    @classmethod
    def from_file(cls, path: str) -> AccessControl:
        """The keys of a file, none when there is no name. UsageError when it cannot be read or holds none in use."""
        if not path:
            return cls()
        access = cls(path=Path(path))
        access._load_keys()
        if not access.keys:
            raise UsageError(f"{path}: holds no key in use", "make one with `mattebox keys create`")
        return access

    @property
    def requires_key(self) -> bool:
        """Is a key needed?"""
        return self.path is not None or bool(self.keys)

    def authenticate(self, key: str | None) -> str | None:
        """The name under which a key's calls are counted; None when it may not call."""
        if not self.requires_key:
            return LOCAL_CALLER
        self._reload_if_changed()
        name = hash_key(key or "")
        return name if name in self.keys else None

    def has_scope(self, caller: str, scope: str) -> bool:
        """Is something within a caller's scopes?"""
        return scope in (SCOPES if caller == LOCAL_CALLER else self.keys[caller].scopes if caller in self.keys else ())

    def monthly_quota(self, caller: str) -> int:
        """Pictures a month; 0 for no end."""
        return self.keys[caller].quota if caller in self.keys else 0

    def consume_rate_limit(self, caller: str, pixels: int, now: float | None = None) -> tuple[bool, dict[str, str]]:
        """Count a picture; whether it is within the limit (there is none where there are no keys), and the headers
        that say so."""
        now = time.monotonic() if now is None else now
        window = self.rate_windows.setdefault(caller, RateWindow(now))
        if now - window.started_at >= 60:
            window.started_at, window.megapixels = now, 0
        most = self.keys[caller].rate if caller in self.keys else DEFAULT_MEGAPIXELS_PER_MINUTE
        cost = max(1, round(pixels / 1e6))
        allowed = not self.requires_key or window.megapixels + cost <= most
        window.megapixels = min(most, window.megapixels + cost) if allowed else window.megapixels
        told = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, most - window.megapixels)),
            "X-RateLimit-Reset": str(int(time.time() + 60 - (now - window.started_at))),
        }
        return allowed, told | ({} if allowed else {"Retry-After": str(int(61 - (now - window.started_at)))})

    def _reload_if_changed(self) -> None:
        """Read the file again when it changed; one that cannot be read just then changes nothing."""
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
        found = {k.hash: k for k in read_keys(self.path) if not k.revoked}
        status = self.path.stat()
        self.keys, self._file_stamp = found, (status.st_mtime, status.st_ino)
