"""The worker processes: started, given one picture at a time, killed when one takes too long, replaced when one dies.

Admission is by pixels in hand, not by requests, because that is what memory goes by. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from mattebox.errors import MatteboxError
from mattebox.server.settings import Settings
from mattebox.server.tracing import Tracer
from mattebox.server.workers.protocol import LENGTH_PREFIX, PROGRESS_KEY, pack_frame
from mattebox.types import OnProgress

START_TIMEOUT_SECONDS = 60  # seconds a worker may take to load its network


class ServerBusy(MatteboxError):
    """More pictures than the server takes at a time; `retry_after` in seconds."""

    retry_after = 2


class TaskTimeout(MatteboxError):
    """A picture that did not finish in time."""


class WorkerLost(MatteboxError):
    """A worker that died over a picture."""


@dataclass(frozen=True)
class WorkerResponse:
    """A worker's answer: what it told, and the bytes it made."""

    header: dict[str, Any]
    body: bytes

    @property
    def seconds(self) -> float:
        """Of work."""
        return float(sum(self.header.get("seconds", {}).values()))


class WorkerPool:
    """All workers. `pixels_in_flight` in hand never exceed the budget, but for a single larger picture alone."""

    def __init__(self, settings: Settings, tracer: Tracer | None = None) -> None:
        self.settings, self.tracer = settings, tracer or Tracer()
        self.pixels_in_flight = 0
        self.restarts = 0
        self._idle_workers: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()
        self._workers: set[asyncio.subprocess.Process] = set()

    async def start(self) -> None:
        """Start the first worker, so that what is wrong is said at once; the others start when they are needed."""
        self._idle_workers.put_nowait(await self._start_worker())
        for _ in range(self.settings.worker_count() - 1):
            self._idle_workers.put_nowait(None)

    async def stop(self) -> None:
        for process in list(self._workers):
            await self._kill_worker(process)

    @contextlib.asynccontextmanager
    async def reserve_pixels(self, pixels: int) -> AsyncIterator[None]:
        """Hold so many pixels while inside. Busy when there is no room."""
        if self.pixels_in_flight and self.pixels_in_flight + pixels > self.settings.pixel_budget:
            raise ServerBusy("the server has its hands full", f"try again in {ServerBusy.retry_after} s")
        self.pixels_in_flight += pixels
        try:
            yield
        finally:
            self.pixels_in_flight -= pixels

    async def run_on_worker(
        self, header: dict[str, Any], data: bytes, on_progress: OnProgress | None = None
    ) -> WorkerResponse:
        """Have a worker do a task. TookTooLong, WorkerLost; what the worker refuses is in `Done.told`."""
        worker = await self._idle_workers.get()
        try:
            worker = worker or await self._start_worker()
            told = await asyncio.wait_for(
                _exchange_frames(worker, pack_frame(header, data), on_progress), self.settings.timeout
            )
        except TimeoutError:
            await self._kill_worker(worker)
            worker = None
            raise TaskTimeout(
                f"the picture took more than {self.settings.timeout} s", "send a smaller one, or a faster model"
            ) from None
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            await self._kill_worker(worker)
            worker = None
            raise WorkerLost("the picture was too much for a worker", "send a smaller one; please report it") from None
        except asyncio.CancelledError:  # the client went away: the answer would be read by the next
            await self._kill_worker(worker)
            worker = None
            raise
        finally:
            self._idle_workers.put_nowait(worker)
        return told

    async def _start_worker(self) -> asyncio.subprocess.Process:
        settings = self.settings
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mattebox.server.workers.worker",
            settings.model, str(settings.threads_per_worker()), str(settings.worker_memory),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        self._workers.add(process)
        try:
            ready = await asyncio.wait_for(_read_response(process), START_TIMEOUT_SECONDS)
        except (asyncio.IncompleteReadError, TimeoutError):
            await self._kill_worker(process)
            raise WorkerLost("a worker does not start", "give it more memory, or a smaller model") from None
        if "ready" not in ready.header:
            await self._kill_worker(process)
            raise MatteboxError(ready.header["problem"], ready.header["remedy"])
        return process

    async def _kill_worker(self, process: asyncio.subprocess.Process | None) -> None:
        if process is None:
            return
        self._workers.discard(process)
        self.restarts += 1
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _exchange_frames(
    process: asyncio.subprocess.Process, frame: bytes, on_progress: OnProgress | None
) -> WorkerResponse:
    """The worker's answer; until it comes there may be frames of what share is done."""
    assert process.stdin is not None
    process.stdin.write(frame)
    await process.stdin.drain()
    while PROGRESS_KEY in (answer := await _read_response(process)).header:
        if on_progress is not None:
            on_progress(answer.header[PROGRESS_KEY])
    return answer


async def _read_response(process: asyncio.subprocess.Process) -> WorkerResponse:
    assert process.stdout is not None
    head, body = LENGTH_PREFIX.unpack(await process.stdout.readexactly(LENGTH_PREFIX.size))
    told = json.loads(await process.stdout.readexactly(head))
    return WorkerResponse(told, await process.stdout.readexactly(body) if body else b"")
