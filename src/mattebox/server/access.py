"""Who may call, and how much in a minute. Keys are compared in constant time and never written anywhere."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

PER_MINUTE = 500  # megapixels, as remove.bg counts; a smaller picture counts as one


@dataclass
class Window:
    """One caller's minute."""

    began: float = 0.0
    spent: int = 0


@dataclass
class Access:
    """Known keys by their hash, and every caller's minute."""

    hashes: frozenset[str] = frozenset()
    windows: dict[str, Window] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Iterable[str]) -> Access:
        return cls(frozenset(_hash(k) for k in keys))

    def caller(self, key: str | None) -> str | None:
        """The name under which a key's calls are counted; None when it may not call."""
        if not self.hashes:
            return "local"
        name = _hash(key or "")
        return name if name in self.hashes else None

    def spend(self, caller: str, pixels: int, now: float | None = None) -> tuple[bool, dict[str, str]]:
        """Count a picture; whether it is within the limit (there is none where there are no keys), and the headers
        that say so."""
        now = time.monotonic() if now is None else now
        window = self.windows.setdefault(caller, Window(now))
        if now - window.began >= 60:
            window.began, window.spent = now, 0
        cost = max(1, round(pixels / 1e6))
        allowed = not self.hashes or window.spent + cost <= PER_MINUTE
        window.spent = min(PER_MINUTE, window.spent + cost) if allowed else window.spent
        told = {
            "X-RateLimit-Limit": str(PER_MINUTE),
            "X-RateLimit-Remaining": str(PER_MINUTE - window.spent),
            "X-RateLimit-Reset": str(int(time.time() + 60 - (now - window.began))),
        }
        return allowed, told | ({} if allowed else {"Retry-After": str(int(61 - (now - window.began)))})


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
