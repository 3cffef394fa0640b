"""Fixed-window rate limiter: megapixels per caller and minute."""

from __future__ import annotations

import time
from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass
class RateWindow:
    """Megapixels that one caller has used since the start of its window."""

    started_at: float = 0.0
    megapixels: int = 0


class RateLimiter:
    """The current window of every caller."""

    def __init__(self) -> None:
        self._windows: dict[str, RateWindow] = {}

    def consume(
        self, caller: str, pixels: int, limit: int, *, is_enforced: bool = True, now: float | None = None
    ) -> tuple[bool, dict[str, str]]:
        """Count a picture against the caller's limit.

        Parameters
        ----------
        caller
            The name of the caller.
        pixels
            Pixels of the picture; a picture below one megapixel counts as one.
        limit
            Megapixels per minute.
        is_enforced
            False to count without refusing anything.
        now
            Seconds of the monotonic clock, for tests.

        Returns
        -------
        allowed : bool
            False when the limit is exceeded; the picture is then not counted.
        headers : dict
            X-RateLimit-* headers, and Retry-After on refusal.
        """
        now = time.monotonic() if now is None else now
        window = self._current_window(caller, now)
        cost = max(1, round(pixels / 1e6))
        allowed = not is_enforced or window.megapixels + cost <= limit
        window.megapixels = min(limit, window.megapixels + cost) if allowed else window.megapixels
        retry = {} if allowed else {"Retry-After": str(int(WINDOW_SECONDS + 1 - (now - window.started_at)))}
        return allowed, self.headers(caller, limit, now) | retry

    def headers(self, caller: str, limit: int, now: float | None = None) -> dict[str, str]:
        """X-RateLimit-* headers: the caller's limit, what is left of it, and when the window ends."""
        now = time.monotonic() if now is None else now
        window = self._current_window(caller, now)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - window.megapixels)),
            "X-RateLimit-Reset": str(int(time.time() + WINDOW_SECONDS - (now - window.started_at))),
        }

    def _current_window(self, caller: str, now: float) -> RateWindow:
        """The caller's window, begun anew when the last one is over."""
        window = self._windows.setdefault(caller, RateWindow(now))
        if now - window.started_at >= WINDOW_SECONDS:
            window.started_at, window.megapixels = now, 0
        return window
