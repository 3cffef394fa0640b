"""Uploads on their way in: how many at a time, how slow one may be, and who has to go when there are too many.

Of large ones a few that come fast are taken in at a time, so that each is soon on its way; more wait a moment for their
turn, and are asked to come again. Slow ones do not count among those, but they have to keep a pace, and make room when
there are many, or when they hold much: a crowd of them cannot keep others out, nor fill the memory. Knows nothing of
what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from mattebox.server.http.problems import Problem

SMALL_UPLOAD_BYTES = 1_000_000  # bytes up to which an upload needs no turn
FRESH_SECONDS = 1.0  # seconds for which an upload counts as coming fast
SLOT_TIMEOUT_SECONDS = 0.05  # seconds to wait for one's turn
GRACE_SECONDS, MIN_BYTES_PER_SECOND = 20.0, 16_000  # seconds, and bytes a second beyond them, that an upload must keep
MAX_UPLOADS = 128  # uploads in all
MAX_BUFFERED_BYTES = 200_000_000  # bytes of them in all
DRAIN_TIMEOUT_SECONDS = 5.0  # seconds for the rest of what is refused, so that the answer is read
PREFIX_BYTES = 16_000  # bytes of a beginning

PrefixCheck = Callable[[bytes], None]
"""Is shown the beginning of a body; what it raises refuses the rest."""


@dataclass(eq=False)
class Upload:
    """One on its way: when it began, its bytes so far, and when it has to be there; `is_evicted`: told to go."""

    started_at: float
    is_small: bool
    deadline: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))
    byte_count: int = 0
    is_evicted: bool = False


class UploadLimiter:
    """All uploads on their way; at most `max_fast_uploads` of the large ones come fast."""

    def __init__(self, max_fast_uploads: int) -> None:
        self.max_fast_uploads = max_fast_uploads
        self._uploads: dict[Upload, None] = {}  # the first are the oldest

    @asynccontextmanager
    async def admit(self, request: Request, max_bytes: int) -> AsyncIterator[Upload]:
        """Hold a place from the first byte until what was sent is understood. Problem 503 when there is none."""
        stated = request.headers.get("content-length", "")
        small = stated.isdecimal() and int(stated) <= SMALL_UPLOAD_BYTES
        if not (small or await self._wait_for_slot()) or not self._ensure_capacity():
            await _drain_body(request, max_bytes)
            raise Problem(503, "busy", "too many uploads at once", "try again in 2 s", {"Retry-After": "2"})
        upload = Upload(_now(), small)
        self._uploads[upload] = None
        try:
            yield upload
        finally:
            del self._uploads[upload]

    async def read_body(
        self, request: Request, upload: Upload, max_bytes: int, check_prefix: PrefixCheck = lambda _: None
    ) -> bytes:
        """The whole body; Problem 413 as soon as it is known to be too long, whatever Content-Length says, and 408 when
        it comes too slowly."""
        stated = request.headers.get("content-length", "0")
        if not stated.isdecimal():
            raise Problem(400, "bad_request", "Content-Length is no number", "leave it to your HTTP library")
        too_long = Problem(
            413, "upload_too_large", f"the request has more than {max_bytes} bytes", "send a smaller file"
        )
        if int(stated) > max_bytes:
            raise too_long
        parts: list[bytes] = []
        upload.deadline = asyncio.timeout_at(upload.started_at + GRACE_SECONDS)
        try:
            async with upload.deadline as deadline:
                async for part in request.stream():
                    parts.append(part)
                    if upload.byte_count < PREFIX_BYTES <= upload.byte_count + len(part):
                        check_prefix(b"".join(parts))
                    upload.byte_count += len(part)
                    if upload.byte_count > max_bytes:
                        raise too_long
                    if not upload.is_evicted:
                        deadline.reschedule(
                            upload.started_at + GRACE_SECONDS + upload.byte_count / MIN_BYTES_PER_SECOND
                        )
                    self._limit_buffered_bytes(MAX_BUFFERED_BYTES)
        except TimeoutError:
            raise Problem(408, "upload_too_slow", "the upload came too slowly", "send it again") from None
        except ClientDisconnect:
            raise Problem(400, "bad_request", "the upload broke off", "send it again") from None
        return b"".join(parts)

    async def _wait_for_slot(self) -> bool:
        """Wait for a place among those that come fast; whether there is one."""
        end = _now() + SLOT_TIMEOUT_SECONDS
        while (
            sum(not u.is_small and _now() - u.started_at < FRESH_SECONDS for u in self._uploads)
            >= self.max_fast_uploads
        ):
            if _now() >= end:
                return False
            await asyncio.sleep(SLOT_TIMEOUT_SECONDS / 10)
        return True

    def _ensure_capacity(self) -> bool:
        """Is there room for one more, if need be because the slowest goes?"""
        return sum(not u.is_evicted for u in self._uploads) < MAX_UPLOADS or self._evict_slowest()

    def _limit_buffered_bytes(self, max_bytes: int) -> None:
        if sum(u.byte_count for u in self._uploads if not u.is_evicted) > max_bytes:
            self._evict_slowest()

    def _evict_slowest(self) -> bool:
        """Of those that are no longer fresh; whether there was one."""
        now = _now()
        old = [u for u in self._uploads if now - u.started_at >= FRESH_SECONDS and not u.is_evicted]
        if not old:
            return False
        slowest = min(old, key=lambda u: u.byte_count / (now - u.started_at))
        slowest.is_evicted = True
        slowest.deadline.reschedule(now)
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _drain_body(request: Request, max_bytes: int) -> None:
    """Read on and forget: a client that is still sending when it is answered and cut off never sees the answer."""
    count = 0
    try:
        async with asyncio.timeout(DRAIN_TIMEOUT_SECONDS):
            async for part in request.stream():
                count += len(part)
                if count > max_bytes:
                    return
    except (TimeoutError, ClientDisconnect):
        return
