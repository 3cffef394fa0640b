"""Pool of worker processes, each of which processes one picture at a time.

A worker that takes too long is killed, one that died is replaced. Admission is by pixels in flight, not by requests,
because memory grows with pixels.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from mattebox.errors import MatteboxError
from mattebox.server.settings import Settings
from mattebox.server.tracing import Tracer
from mattebox.server.workers.protocol import PROGRESS_KEY, pack_frame, receive_frame
from mattebox.types import OnProgress

START_TIMEOUT_SECONDS = 60  # to load the network


class ServerBusy(MatteboxError):
    """The pixel budget is used up; `retry_after` in seconds."""

    code = "busy"
    retry_after = 2


class TaskTimeout(MatteboxError):
    """A picture did not finish in time."""

    code = "took_too_long"


class WorkerLost(MatteboxError):
    """A worker died while it processed a picture."""

    code = "worker_lost"


@dataclass(frozen=True)
class WorkerResponse:
    """A worker's response: metadata (or an error), and the encoded result."""

    header: dict[str, Any]
    body: bytes

    @property
    def seconds(self) -> float:
        """Processing time, of all stages together."""
        return float(sum(self.header.get("seconds", {}).values()))


class WorkerPool:
    """All workers. `pixels_in_flight` never exceeds the budget, unless a single larger picture runs alone."""

    def __init__(self, settings: Settings, tracer: Tracer | None = None) -> None:
        self.settings, self.tracer = settings, tracer or Tracer()
        self.pixels_in_flight = 0
        self.restarts = 0
        self._idle_workers: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()
        self._workers: set[asyncio.subprocess.Process] = set()

    async def start(self) -> None:
        """Start the first worker, so that errors show at once; the others start on demand."""
        self._idle_workers.put_nowait(await self._start_worker())
        for _ in range(self.settings.worker_count() - 1):
            self._idle_workers.put_nowait(None)

    async def stop(self) -> None:
        """Kill all workers."""
        for process in list(self._workers):
            await self._kill_worker(process)

    @contextlib.asynccontextmanager
    async def reserve_pixels(self, pixels: int) -> AsyncIterator[None]:
        """Count pixels as in flight while the context is open. ServerBusy when the budget is used up."""
        if self.pixels_in_flight and self.pixels_in_flight + pixels > self.settings.pixel_budget:
            raise ServerBusy("the server is busy", f"try again in {ServerBusy.retry_after} s")
        self.pixels_in_flight += pixels
        try:
            yield
        finally:
            self.pixels_in_flight -= pixels

    async def run_on_worker(
        self, header: dict[str, Any], data: bytes, on_progress: OnProgress | None = None
    ) -> WorkerResponse:
        """Run a task on the next idle worker.

        Parameters
        ----------
        header, data
            Header and body of the task's frame.
        on_progress
            Receives the completed share of the task, from 0 to 1.

        Returns
        -------
        WorkerResponse
            Its header holds `code`, `problem` and `remedy` when the worker refuses the task.

        Raises
        ------
        TaskTimeout
            The task takes longer than the settings allow.
        WorkerLost
            The worker died.
        """
        worker = await self._idle_workers.get()
        try:
            worker = worker or await self._start_worker()
            return await asyncio.wait_for(
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
        except asyncio.CancelledError:  # the client has gone: the next task would read this response
            await self._kill_worker(worker)
            worker = None
            raise
        finally:
            self._idle_workers.put_nowait(worker)

    async def _start_worker(self) -> asyncio.subprocess.Process:
        settings = self.settings
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mattebox.server.workers.worker",
            settings.model, str(settings.threads_per_worker()), str(settings.worker_memory),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        self._workers.add(process)
        try:
            ready = await asyncio.wait_for(_receive_response(process), START_TIMEOUT_SECONDS)
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
    """Send a task and receive its response; reports the progress until then."""
    assert process.stdin is not None
    process.stdin.write(frame)
    await process.stdin.drain()
    while PROGRESS_KEY in (response := await _receive_response(process)).header:
        if on_progress is not None:
            on_progress(response.header[PROGRESS_KEY])
    return response


async def _receive_response(process: asyncio.subprocess.Process) -> WorkerResponse:
    assert process.stdout is not None
    return WorkerResponse(*await receive_frame(process.stdout))
