"""Uploads on their way in: how many at a time, how slow one may be, and who has to go when there are too many.

A few that come fast are taken in at a time, so that each is soon on its way; more are asked to come again. Slow ones do
not count among those, but they have to keep a pace, and make room when there are many: a crowd of them cannot keep
others out, nor fill the memory. Knows nothing of what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from mattebox.server.problems import Problem

FRESH = 1.0  # seconds for which an upload counts as coming fast
GRACE, PACE = 20.0, 16_000  # seconds, and bytes a second beyond them, that an upload must keep
SLOW = 64  # uploads in all
DRAIN = 5.0  # seconds for the rest of what is refused, so that the answer is read


@dataclass(eq=False)
class Upload:
    """One on its way: when it began, its bytes so far, and when it has to be there."""

    began: float
    deadline: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))
    count: int = 0


class Intake:
    """All uploads on their way; at most `fast` of them come fast."""

    def __init__(self, fast: int) -> None:
        self.fast = fast
        self._uploads: dict[Upload, None] = {}  # the first are the oldest

    @asynccontextmanager
    async def entered(self, request: Request, most: int) -> AsyncIterator[Upload]:
        """Hold a place from the first byte until what was sent is understood. Problem 503 when there is none."""
        now = asyncio.get_running_loop().time()
        if sum(now - upload.began < FRESH for upload in self._uploads) >= self.fast:
            await _drained(request, most)
            raise Problem(503, "busy", "too many uploads at once", "try again in 2 s", {"Retry-After": "2"})
        if len(self._uploads) >= SLOW:
            slowest = min(self._uploads, key=lambda u: u.count / max(0.1, now - u.began))
            slowest.deadline.reschedule(now)
        upload = Upload(now)
        self._uploads[upload] = None
        try:
            yield upload
        finally:
            del self._uploads[upload]

    @staticmethod
    async def body(request: Request, upload: Upload, most: int) -> bytes:
        """The whole body; Problem 413 as soon as it is known to be too long, whatever Content-Length says, and 408 when
        it comes too slowly."""
        stated = request.headers.get("content-length", "0")
        if not stated.isdecimal():
            raise Problem(400, "bad_request", "Content-Length is no number", "leave it to your HTTP library")
        too_long = Problem(413, "upload_too_large", f"the request has more than {most} bytes", "send a smaller file")
        if int(stated) > most:
            raise too_long
        parts: list[bytes] = []
        upload.deadline = asyncio.timeout_at(upload.began + GRACE)
        try:
            async with upload.deadline as deadline:
                async for part in request.stream():
                    upload.count += len(part)
                    if upload.count > most:
                        raise too_long
                    parts.append(part)
                    deadline.reschedule(upload.began + GRACE + upload.count / PACE)
        except TimeoutError:
            raise Problem(408, "upload_too_slow", "the upload came too slowly", "send it again") from None
        except ClientDisconnect:
            raise Problem(400, "bad_request", "the upload broke off", "send it again") from None
        return b"".join(parts)


async def _drained(request: Request, most: int) -> None:
    """Read on and forget: a client that is still sending when it is answered and cut off never sees the answer."""
    count = 0
    try:
        async with asyncio.timeout(DRAIN):
            async for part in request.stream():
                count += len(part)
                if count > most:
                    return
    except (TimeoutError, ClientDisconnect):
        return
