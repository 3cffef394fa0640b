"""Who may call, what, and how much in a minute. The file of keys is read again when it changes; keys are known by their
hashes alone and written nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.errors import UsageError
from mattebox.server.api_keys import PER_MINUTE, SCOPES, Key, hashed, read

LOCAL = "local"
LOOK = 1.0  # seconds between looks at the file


@dataclass
class Window:
    """One caller's minute."""

    began: float = 0.0
    spent: int = 0


@dataclass
class Access:
    """Known keys by their hash, and every caller's minute. Without keys, everyone is LOCAL and may do everything."""

    keys: dict[str, Key] = field(default_factory=dict)
    path: Path | None = None
    windows: dict[str, Window] = field(default_factory=dict)
    _seen: tuple[float, int] = (0.0, 0)
    _looked: float = 0.0

    @classmethod
    def of(cls, keys: Iterable[str]) -> Access:
        return cls({hashed(k): Key(hashed(k)[:8], hashed(k)) for k in keys})

    @classmethod
    def from_file(cls, path: str) -> Access:
        """The keys of a file, none when there is no name. UsageError when it cannot be read or holds none in use."""
        if not path:
            return cls()
        access = cls(path=Path(path))
        access._read()
        if not access.keys:
            raise UsageError(f"{path}: holds no key in use", "make one with `mattebox keys create`")
        return access

    @property
    def asked_for(self) -> bool:
        """Is a key needed?"""
        return self.path is not None or bool(self.keys)

    def caller(self, key: str | None) -> str | None:
        """The name under which a key's calls are counted; None when it may not call."""
        if not self.asked_for:
            return LOCAL
        self._look()
        name = hashed(key or "")
        return name if name in self.keys else None

    def may(self, caller: str, scope: str) -> bool:
        """Is something within a caller's scopes?"""
        return scope in (SCOPES if caller == LOCAL else self.keys[caller].scopes if caller in self.keys else ())

    def quota(self, caller: str) -> int:
        """Pictures a month; 0 for no end."""
        return self.keys[caller].quota if caller in self.keys else 0

    def spend(self, caller: str, pixels: int, now: float | None = None) -> tuple[bool, dict[str, str]]:
        """Count a picture; whether it is within the limit (there is none where there are no keys), and the headers
        that say so."""
        now = time.monotonic() if now is None else now
        window = self.windows.setdefault(caller, Window(now))
        if now - window.began >= 60:
            window.began, window.spent = now, 0
        most = self.keys[caller].rate if caller in self.keys else PER_MINUTE
        cost = max(1, round(pixels / 1e6))
        allowed = not self.asked_for or window.spent + cost <= most
        window.spent = min(most, window.spent + cost) if allowed else window.spent
        told = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, most - window.spent)),
            "X-RateLimit-Reset": str(int(time.time() + 60 - (now - window.began))),
        }
        return allowed, told | ({} if allowed else {"Retry-After": str(int(61 - (now - window.began)))})

    def _look(self) -> None:
        """Read the file again when it changed; one that cannot be read just then changes nothing."""
        now = time.monotonic()
        if self.path is None or now - self._looked < LOOK:
            return
        self._looked = now
        try:
            status = self.path.stat()
            if (status.st_mtime, status.st_ino) != self._seen:
                self._read()
        except (OSError, UsageError):
            return

    def _read(self) -> None:
        assert self.path is not None
        found = {k.hash: k for k in read(self.path) if not k.revoked}
        status = self.path.stat()
        self.keys, self._seen = found, (status.st_mtime, status.st_ino)
