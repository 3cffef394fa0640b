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

SMALL = 1_000_000  # bytes up to which an upload needs no turn
FRESH = 1.0  # seconds for which an upload counts as coming fast
TURN = 0.05  # seconds to wait for one's turn
GRACE, PACE = 20.0, 16_000  # seconds, and bytes a second beyond them, that an upload must keep
MANY = 128  # uploads in all
HELD = 200_000_000  # bytes of them in all
DRAIN = 5.0  # seconds for the rest of what is refused, so that the answer is read
LOOK = 16_000  # bytes of a beginning

Look = Callable[[bytes], None]
"""Is shown the beginning of a body; what it raises refuses the rest."""


@dataclass(eq=False)
class Upload:
    """One on its way: when it began, its bytes so far, and when it has to be there; `left`: told to go."""

    began: float
    small: bool
    deadline: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))
    count: int = 0
    left: bool = False


class Intake:
    """All uploads on their way; at most `fast` of the large ones come fast."""

    def __init__(self, fast: int) -> None:
        self.fast = fast
        self._uploads: dict[Upload, None] = {}  # the first are the oldest

    @asynccontextmanager
    async def entered(self, request: Request, most: int) -> AsyncIterator[Upload]:
        """Hold a place from the first byte until what was sent is understood. Problem 503 when there is none."""
        stated = request.headers.get("content-length", "")
        small = stated.isdecimal() and int(stated) <= SMALL
        if not (small or await self._turn()) or not self._room():
            await _drained(request, most)
            raise Problem(503, "busy", "too many uploads at once", "try again in 2 s", {"Retry-After": "2"})
        upload = Upload(_now(), small)
        self._uploads[upload] = None
        try:
            yield upload
        finally:
            del self._uploads[upload]

    async def body(self, request: Request, upload: Upload, most: int, look: Look = lambda _: None) -> bytes:
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
                    parts.append(part)
                    if upload.count < LOOK <= upload.count + len(part):
                        look(b"".join(parts))
                    upload.count += len(part)
                    if upload.count > most:
                        raise too_long
                    if not upload.left:
                        deadline.reschedule(upload.began + GRACE + upload.count / PACE)
                    self._keep_to(HELD)
        except TimeoutError:
            raise Problem(408, "upload_too_slow", "the upload came too slowly", "send it again") from None
        except ClientDisconnect:
            raise Problem(400, "bad_request", "the upload broke off", "send it again") from None
        return b"".join(parts)

    async def _turn(self) -> bool:
        """Wait for a place among those that come fast; whether there is one."""
        end = _now() + TURN
        while sum(not u.small and _now() - u.began < FRESH for u in self._uploads) >= self.fast:
            if _now() >= end:
                return False
            await asyncio.sleep(TURN / 10)
        return True

    def _room(self) -> bool:
        """Is there room for one more, if need be because the slowest goes?"""
        return sum(not u.left for u in self._uploads) < MANY or self._slowest_goes()

    def _keep_to(self, held: int) -> None:
        if sum(u.count for u in self._uploads if not u.left) > held:
            self._slowest_goes()

    def _slowest_goes(self) -> bool:
        """Of those that are no longer fresh; whether there was one."""
        now = _now()
        old = [u for u in self._uploads if now - u.began >= FRESH and not u.left]
        if not old:
            return False
        slowest = min(old, key=lambda u: u.count / (now - u.began))
        slowest.left = True
        slowest.deadline.reschedule(now)
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()


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
