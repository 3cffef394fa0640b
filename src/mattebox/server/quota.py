"""Limits of a caller: pictures per calendar month and megapixels per minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mattebox.server.auth import AccessControl
from mattebox.server.http.problems import Problem
from mattebox.server.rate_limiter import RateLimiter
from mattebox.server.usage import UsageStore


@dataclass
class PictureQuota:
    """The limits that keys set, against what their callers have used and what is in progress for them.

    A picture is reserved before it is processed and counted afterwards, so that no number of requests at once exceeds
    the quota. Jobs are reserved until they are counted or finished.
    """

    access: AccessControl
    usage: UsageStore
    uncounted_jobs: Callable[[str], int] = lambda _: 0
    rate_limiter: RateLimiter = field(default_factory=RateLimiter)
    _reserved: Counter[str] = field(default_factory=Counter)

    def pictures_left(self, caller: str) -> int | None:
        """Pictures that a caller may still process this month; None for no limit."""
        quota = self.access.monthly_quota(caller)
        if not quota:
            return None
        in_progress = self._reserved[caller] + self.uncounted_jobs(caller)
        return max(0, quota - self.usage.caller_month(caller).pictures - in_progress)

    @contextmanager
    def reserve_picture(self, caller: str) -> Iterator[None]:
        """Hold one picture of the quota while the context is open. Problem 429 when none is left."""
        self.check_monthly_quota(caller)
        self._reserved[caller] += 1
        try:
            yield
        finally:
            self._reserved[caller] -= 1

    def consume_rate_limit(self, caller: str, pixels: int) -> tuple[bool, dict[str, str]]:
        """Count a picture against the rate limit: whether it is allowed, and the headers that state the limit."""
        limit = self.access.megapixels_per_minute(caller)
        return self.rate_limiter.consume(caller, pixels, limit, is_enforced=self.access.requires_key)

    def limit_headers(self, caller: str) -> dict[str, str]:
        """The headers that state the rate limit, without counting anything."""
        return self.rate_limiter.headers(caller, self.access.megapixels_per_minute(caller))

    def check_monthly_quota(self, caller: str) -> None:
        """Problem 429 when the pictures of this month are used up."""
        if self.pictures_left(caller) == 0:
            raise Problem(
                429, "quota_used_up", "the key's pictures of this month are used up", "wait for the next month"
            )

    def check_rate_limit(self, caller: str, pixels: int) -> dict[str, str]:
        """Count a picture and return the headers that state the limit. Problem 429 beyond the limit."""
        allowed, headers = self.consume_rate_limit(caller, pixels)
        if not allowed:
            raise Problem(
                429, "too_many_pixels", "more megapixels in a minute than are allowed", "wait, then go on", headers
            )
        return headers
