"""Admission of uploads: how many at a time, how slow one may be, and which to evict when there are too many.

Only a few large uploads that arrive fast are admitted at a time, so that each is complete soon; further ones wait a
moment for a slot and are then asked to come again. Slow uploads take no slot but must keep a minimum rate, and the
slowest are evicted when there are many or when the buffer is full. So a crowd of slow clients can neither
keep others out nor fill the disk. Bodies go to the buffer, whose budget counts all bytes in hand: those that arrive,
those that wait, and results.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from mattebox.server.content_buffer import BufferedFile, Content, ContentBuffer
from mattebox.server.http.problems import Problem

SMALL_UPLOAD_BYTES = 1_000_000  # smaller uploads need no slot
FRESH_SECONDS = 1.0  # an upload counts as fast for so long
SLOT_TIMEOUT_SECONDS = 0.05  # to wait for a slot
GRACE_SECONDS, MIN_BYTES_PER_SECOND = 20.0, 16_000  # the rate applies after the grace period
MAX_UPLOADS = 128  # that arrive at a time
MAX_LENGTH_DIGITS = 18
DRAIN_TIMEOUT_SECONDS = 5.0  # to receive the rest of a refused upload
PREFIX_BYTES, MAX_PREFIX_BYTES = 16_000, 64_000  # shown to the prefix check

PrefixCheck = Callable[[bytes], Awaitable[None]]
"""Receives the first bytes of a body; an exception refuses the upload."""


async def accept_prefix(_: bytes) -> None:
    """The prefix check that refuses nothing."""


@dataclass(eq=False)
class Upload:
    """An upload whose bytes arrive, or one that is complete and being parsed; `deadline` while bytes arrive."""

    started_at: float
    is_small: bool
    deadline: asyncio.Timeout | None = None
    byte_count: int = 0
    is_evicted: bool = False

    @property
    def is_arriving(self) -> bool:
        """Whether its bytes still arrive, within the time that it has."""
        return self.deadline is not None and not self.deadline.expired() and not self.is_evicted

    def evict(self, now: float) -> None:
        """End it in the next turn of the event loop; only while it arrives."""
        assert self.deadline is not None
        self.is_evicted = True
        self.deadline.reschedule(now)


class UploadLimiter:
    """All uploads in hand, of which at most `max_fast_uploads` are large and fast."""

    def __init__(self, max_fast_uploads: int, buffer: ContentBuffer) -> None:
        self.max_fast_uploads, self.buffer = max_fast_uploads, buffer
        self._uploads: dict[Upload, None] = {}  # oldest first

    @asynccontextmanager
    async def admit(self, request: Request, max_bytes: int) -> AsyncIterator[Upload]:
        """Hold a slot while the request is read and parsed. Problem 503 when there is none."""
        length = _content_length(request)
        is_small = length is not None and length <= SMALL_UPLOAD_BYTES
        has_room = self.buffer.has_room(min(length or 0, max_bytes)) and self._ensure_capacity()
        if not has_room or not (is_small or await self._wait_for_slot()):
            await _drain_body(request, max_bytes)
            raise Problem(503, "busy", "too many uploads at once", "try again in 2 s", {"Retry-After": "2"})
        upload = Upload(_now(), is_small)
        self._uploads[upload] = None
        try:
            yield upload
        finally:
            del self._uploads[upload]

    async def read_body(
        self, request: Request, upload: Upload, max_bytes: int, check_prefix: PrefixCheck = accept_prefix
    ) -> Content:
        """Read the whole body into the buffer.

        Raises
        ------
        Problem
            413 as soon as the body is known to be too long, whatever Content-Length says; 408 when it arrives too
            slowly; 400 when it breaks off.
        BufferUnavailable
            The disk does not take it.
        """
        too_long = Problem(
            413, "upload_too_large", f"the request has more than {max_bytes} bytes", "send a smaller file"
        )
        if (_content_length(request) or 0) > max_bytes:
            raise too_long
        file = BufferedFile(self.buffer)
        try:
            async with asyncio.timeout_at(upload.started_at + GRACE_SECONDS) as deadline:
                upload.deadline = deadline
                async for part in request.stream():
                    await file.append(part)
                    has_prefix = upload.byte_count < PREFIX_BYTES <= upload.byte_count + len(part)
                    upload.byte_count += len(part)
                    if upload.byte_count > max_bytes:
                        raise too_long
                    if has_prefix:
                        await check_prefix(file.read_range(0, MAX_PREFIX_BYTES))
                    if not upload.is_evicted:
                        deadline.reschedule(
                            upload.started_at + GRACE_SECONDS + upload.byte_count / MIN_BYTES_PER_SECOND
                        )
                    self._evict_if_full()
        except TimeoutError:
            raise Problem(408, "upload_too_slow", "the upload came too slowly", "send it again") from None
        except ClientDisconnect:
            raise Problem(400, "bad_request", "the upload was interrupted", "send it again") from None
        finally:
            upload.deadline = None
        return file.content()

    async def _wait_for_slot(self) -> bool:
        """Wait for a slot of a large upload; whether one became free."""
        end = _now() + SLOT_TIMEOUT_SECONDS
        while self._fast_upload_count() >= self.max_fast_uploads:
            if _now() >= end:
                return False
            await asyncio.sleep(SLOT_TIMEOUT_SECONDS / 10)
        return True

    def _fast_upload_count(self) -> int:
        return sum(not u.is_small and _now() - u.started_at < FRESH_SECONDS for u in self._uploads)

    def _ensure_capacity(self) -> bool:
        """Make room for one more upload, by eviction if necessary; whether there is room."""
        return sum(u.is_arriving for u in self._uploads) < MAX_UPLOADS or self._evict_slowest()

    def _evict_if_full(self) -> None:
        if not self.buffer.has_room(0):
            self._evict_slowest()

    def _evict_slowest(self) -> bool:
        """Evict the slowest of the uploads that arrive and are no longer fresh; whether there was one."""
        now = _now()
        candidates = [u for u in self._uploads if u.is_arriving and now - u.started_at >= FRESH_SECONDS]
        if not candidates:
            return False
        min(candidates, key=lambda u: u.byte_count / (now - u.started_at)).evict(now)
        return True


def _content_length(request: Request) -> int | None:
    """The stated length of the body; None where there is none. Problem 400 when it is no number."""
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_LENGTH_DIGITS):
        raise Problem(400, "bad_request", "Content-Length is not a number", "leave it to your HTTP library")
    return int(text)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _drain_body(request: Request, max_bytes: int) -> None:
    """Read and discard the body: a client that is cut off while it sends never sees the response."""
    count = 0
    try:
        async with asyncio.timeout(DRAIN_TIMEOUT_SECONDS):
            async for part in request.stream():
                count += len(part)
                if count > max_bytes:
                    return
    except (TimeoutError, ClientDisconnect):
        return
