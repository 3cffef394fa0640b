"""The worker processes: started, given one picture at a time, killed when one takes too long, replaced when one dies.

Admission is by pixels in hand, not by requests, because that is what memory goes by. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mattebox.errors import MatteboxError
from mattebox.server.settings import Settings
from mattebox.server.tracing import Traces
from mattebox.server.workers.protocol import LENGTHS, SHARE, packed

START = 60  # seconds a worker may take to load its network
Tell: TypeAlias = Callable[[float], None]
"""Is told what share of a picture is done, 0..1."""


class Busy(MatteboxError):
    """More pictures than the server takes at a time; `retry_after` in seconds."""

    retry_after = 2


class TookTooLong(MatteboxError):
    """A picture that did not finish in time."""


class WorkerLost(MatteboxError):
    """A worker that died over a picture."""


@dataclass(frozen=True)
class Done:
    """A worker's answer: what it told, and the bytes it made."""

    told: dict[str, Any]
    body: bytes

    @property
    def seconds(self) -> float:
        """Of work."""
        return float(sum(self.told.get("seconds", {}).values()))


class Crew:
    """All workers. `pixels` in hand never exceed the budget, but for a single larger picture alone."""

    def __init__(self, settings: Settings, traces: Traces | None = None) -> None:
        self.settings, self.traces = settings, traces or Traces()
        self.pixels = 0
        self.restarts = 0
        self._idle: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()
        self._all: set[asyncio.subprocess.Process] = set()

    async def start(self) -> None:
        """Start the first worker, so that what is wrong is said at once; the others start when they are needed."""
        self._idle.put_nowait(await self._hire())
        for _ in range(self.settings.processes() - 1):
            self._idle.put_nowait(None)

    async def stop(self) -> None:
        for process in list(self._all):
            await self._dismiss(process)

    @contextlib.asynccontextmanager
    async def admitted(self, pixels: int) -> AsyncIterator[None]:
        """Hold so many pixels while inside. Busy when there is no room."""
        if self.pixels and self.pixels + pixels > self.settings.pixel_budget:
            raise Busy("the server has its hands full", f"try again in {Busy.retry_after} s")
        self.pixels += pixels
        try:
            yield
        finally:
            self.pixels -= pixels

    async def do(self, task: dict[str, Any], data: bytes, tell: Tell | None = None) -> Done:
        """Have a worker do a task. TookTooLong, WorkerLost; what the worker refuses is in `Done.told`."""
        worker = await self._idle.get()
        try:
            worker = worker or await self._hire()
            told = await asyncio.wait_for(_ask(worker, packed(task, data), tell), self.settings.timeout)
        except TimeoutError:
            await self._dismiss(worker)
            worker = None
            raise TookTooLong(
                f"the picture took more than {self.settings.timeout} s", "send a smaller one, or a faster model"
            ) from None
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            await self._dismiss(worker)
            worker = None
            raise WorkerLost("the picture was too much for a worker", "send a smaller one; please report it") from None
        except asyncio.CancelledError:  # the client went away: the answer would be read by the next
            await self._dismiss(worker)
            worker = None
            raise
        finally:
            self._idle.put_nowait(worker)
        return told

    async def _hire(self) -> asyncio.subprocess.Process:
        settings = self.settings
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mattebox.server.workers.worker",
            settings.model, str(settings.network_threads()), str(settings.worker_memory),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        self._all.add(process)
        try:
            ready = await asyncio.wait_for(_read(process), START)
        except (asyncio.IncompleteReadError, TimeoutError):
            await self._dismiss(process)
            raise WorkerLost("a worker does not start", "give it more memory, or a smaller model") from None
        if "ready" not in ready.told:
            await self._dismiss(process)
            raise MatteboxError(ready.told["problem"], ready.told["remedy"])
        return process

    async def _dismiss(self, process: asyncio.subprocess.Process | None) -> None:
        if process is None:
            return
        self._all.discard(process)
        self.restarts += 1
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _ask(process: asyncio.subprocess.Process, frame: bytes, tell: Tell | None) -> Done:
    """The worker's answer; until it comes there may be frames of what share is done."""
    assert process.stdin is not None
    process.stdin.write(frame)
    await process.stdin.drain()
    while SHARE in (answer := await _read(process)).told:
        if tell is not None:
            tell(answer.told[SHARE])
    return answer


async def _read(process: asyncio.subprocess.Process) -> Done:
    assert process.stdout is not None
    head, body = LENGTHS.unpack(await process.stdout.readexactly(LENGTHS.size))
    told = json.loads(await process.stdout.readexactly(head))
    return Done(told, await process.stdout.readexactly(body) if body else b"")
