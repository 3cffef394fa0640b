"""Pool of worker processes, each of which processes one picture at a time.

A worker that takes too long is killed, one that died is replaced. A task that nobody waits for any more is given up:
its worker is told, and gets a moment to end it, as a new worker takes longer to start.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mattebox.errors import MatteboxError
from mattebox.server.content_buffer import Content, ContentBuffer
from mattebox.server.event_log import EventLog
from mattebox.server.settings import Settings
from mattebox.server.tracing import Tracer
from mattebox.server.workers.child_exit import wait_for_exit
from mattebox.server.workers.protocol import (
    GIVEN_UP_KEY,
    PROGRESS_KEY,
    RUNNING_KEY,
    WorkerTask,
    pack_frame,
    receive_frame,
    send_frame,
)
from mattebox.server.workers.running_task import RunningTask
from mattebox.server.workers.task_pauses import TaskPauses
from mattebox.server.workers.task_queue import QueueEntry, TaskQueue
from mattebox.types import OnProgress

START_TIMEOUT_SECONDS = 180  # to load the network, on a busy machine
RETRY_SECONDS = 5  # after which another worker has started
TIMEOUT_RETRY_SECONDS = 30  # after which the load that made a picture late has changed
ABANDONED_TASK_SECONDS = 1.0  # to end a task that nobody waits for, before its worker is killed


class TaskTimeout(MatteboxError):
    """A picture did not finish in time, which may be because others wait, too."""

    code = "took_too_long"
    retry_after = TIMEOUT_RETRY_SECONDS


class WorkerLost(MatteboxError):
    """A worker died while it processed a picture."""

    code = "worker_lost"
    retry_after = RETRY_SECONDS


class WorkerStartFailure(WorkerLost):
    """A worker died before it was ready, or took too long; the picture had no part in it."""


@dataclass(frozen=True)
class WorkerResponse:
    """A worker's response: metadata (or an error), and the encoded result."""

    header: dict[str, Any]
    body: Content

    @property
    def seconds(self) -> float:
        """Processing time, of all stages together."""
        return float(sum(self.header.get("seconds", {}).values()))


class WorkerPool:
    """All workers, and the queue in front of them."""

    def __init__(
        self, settings: Settings, buffer: ContentBuffer, tracer: Tracer | None = None, log: EventLog | None = None
    ) -> None:
        self.settings, self.buffer, self.tracer = settings, buffer, tracer or Tracer()
        self.log = log or EventLog(settings.log)
        self.queue = TaskQueue(settings.worker_count(), settings.queue, settings.pixel_budget, settings.queue_wait)
        self.pauses = TaskPauses(self.queue, self._set_paused)
        self.queue.on_change = self.pauses.update
        self.restarts = 0
        self._idle_workers: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()
        self._workers: set[asyncio.subprocess.Process] = set()
        self._busy_workers: set[asyncio.subprocess.Process] = set()  # that have received a whole task
        self._abandoned_tasks: set[asyncio.Task[None]] = set()
        self._running_tasks: dict[QueueEntry, RunningTask] = {}

    async def start(self) -> None:
        """Start the first worker, so that errors show at once; the others start on demand."""
        self._idle_workers.put_nowait(await self._start_worker())
        for _ in range(self.settings.worker_count() - 1):
            self._idle_workers.put_nowait(None)

    async def stop(self) -> None:
        """Kill all workers."""
        for task in list(self._abandoned_tasks):
            task.cancel()
        for process in list(self._workers):
            await self._kill_worker(process)

    async def run_on_worker(
        self,
        task: WorkerTask,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
        entry: QueueEntry | None = None,
    ) -> WorkerResponse:
        """Run a task on the next idle worker; the caller holds a turn of the queue.

        Parameters
        ----------
        task
            What to run.
        on_progress
            Receives the completed share of the task, from 0 to 1.
        timeout
            Seconds that it may take; by default what the settings allow.
        entry
            The turn, by which it can be paused.

        Returns
        -------
        WorkerResponse
            Its header holds `code`, `problem` and `remedy` when the worker refuses the task.

        Raises
        ------
        TaskTimeout
            The task takes longer.
        WorkerLost
            The worker died.
        """
        worker = await self._idle_workers.get()
        exchange: asyncio.Task[WorkerResponse] | None = None
        try:
            worker = worker or await self._start_worker()
            exchange = asyncio.create_task(self._exchange_frames(worker, task, on_progress))
            async with asyncio.timeout(self.settings.timeout if timeout is None else timeout) as deadline:
                with self._allow_pauses(entry, RunningTask(worker, deadline)):
                    response = await asyncio.shield(exchange)
        except TimeoutError:
            await self._replace_worker(worker, exchange)
            raise TaskTimeout(
                f"it took more than {task.timeout or self.settings.timeout} s", "send a smaller one, or a faster model"
            ) from None
        except (asyncio.IncompleteReadError, OSError):
            await self._replace_worker(worker, exchange, is_lost=True)
            raise WorkerLost("the picture was too much for a worker", "send a smaller one; please report it") from None
        except asyncio.CancelledError:  # the client has gone
            self._abandon_task(worker, exchange)
            raise
        except BaseException:
            await self._replace_worker(worker, exchange)
            raise
        self._idle_workers.put_nowait(worker)
        return response

    @contextlib.contextmanager
    def _allow_pauses(self, entry: QueueEntry | None, running: RunningTask) -> Iterator[None]:
        """Let a task be paused while the context is open; it is not afterwards."""
        if entry is None:
            yield
            return
        self._running_tasks[entry] = running
        if entry in self.pauses:
            running.pause()
        try:
            yield
        finally:
            del self._running_tasks[entry]
            running.resume()

    def _set_paused(self, entry: QueueEntry, is_paused: bool) -> None:
        running = self._running_tasks.get(entry)  # None while its worker starts
        if running is not None:
            running.pause() if is_paused else running.resume()

    def _abandon_task(
        self, worker: asyncio.subprocess.Process | None, exchange: asyncio.Task[WorkerResponse] | None
    ) -> None:
        """Free a worker of its task in the background: the next task must not read this one's response."""

        async def wait_and_free() -> None:
            is_done = False
            if exchange is not None:
                self._tell_given_up(worker)
                done, _ = await asyncio.wait({exchange}, timeout=ABANDONED_TASK_SECONDS)
                is_done = bool(done) and exchange.exception() is None
            if is_done:
                self._idle_workers.put_nowait(worker)
            else:
                await self._replace_worker(worker, exchange)

        task = asyncio.create_task(wait_and_free())
        self._abandoned_tasks.add(task)
        task.add_done_callback(self._abandoned_tasks.discard)

    def _tell_given_up(self, worker: asyncio.subprocess.Process | None) -> None:
        """Tell a worker, unless it is still receiving the task, that nobody waits for it."""
        if worker in self._busy_workers and worker.stdin is not None:
            with contextlib.suppress(OSError):  # it has died
                worker.stdin.write(pack_frame({GIVEN_UP_KEY: True}))

    async def _replace_worker(
        self,
        worker: asyncio.subprocess.Process | None,
        exchange: asyncio.Task[WorkerResponse] | None,
        *,
        is_lost: bool = False,
    ) -> None:
        """Kill a worker; another one starts with the next task. Why it ended is logged where it was lost."""
        self._idle_workers.put_nowait(None)
        if exchange is not None:
            exchange.cancel()
        try:
            if is_lost and worker is not None:
                ended = await wait_for_exit(worker)
                self.log.log_event("worker lost", "error", reason=ended.event, remedy=ended.remedy)
        finally:
            await self._kill_worker(worker)  # first: whoever waits here may be cancelled
        if exchange is not None:
            await asyncio.gather(exchange, return_exceptions=True)

    async def _start_worker(self) -> asyncio.subprocess.Process:
        settings = self.settings
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mattebox.server.workers.worker",
            settings.model, str(settings.threads_per_worker()), str(settings.worker_memory), settings.device,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        self._workers.add(process)
        try:
            ready = await asyncio.wait_for(self._receive_response(process), START_TIMEOUT_SECONDS)
        except TimeoutError:
            await self._kill_worker(process)
            problem = f"a worker was not ready after {START_TIMEOUT_SECONDS} s"
            raise WorkerStartFailure(problem, "the machine is busy or slow: try again, or a smaller model") from None
        except asyncio.IncompleteReadError:
            ended = await wait_for_exit(process)
            await self._kill_worker(process)
            raise WorkerStartFailure(f"a worker does not start: it {ended.event}", ended.remedy) from None
        except BaseException:
            await self._kill_worker(process)
            raise
        if "ready" not in ready.header:
            await self._kill_worker(process)
            error = WorkerStartFailure if ready.header["code"] == WorkerStartFailure.code else MatteboxError
            raise error(ready.header["problem"], ready.header["remedy"])
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
        self, process: asyncio.subprocess.Process, task: WorkerTask, on_progress: OnProgress | None
    ) -> WorkerResponse:
        """Send a task and receive its response; reports the progress until then."""
        assert process.stdin is not None
        header = task.header | {RUNNING_KEY: len(self.queue.running) - len(self.pauses)}
        await send_frame(process.stdin, header, task.contents)
        self._busy_workers.add(process)
        try:
            while PROGRESS_KEY in (response := await self._receive_response(process)).header:
                if on_progress is not None:
                    on_progress(response.header[PROGRESS_KEY])
        finally:
            self._busy_workers.discard(process)
        return response

    async def _receive_response(self, process: asyncio.subprocess.Process) -> WorkerResponse:
        assert process.stdout is not None
        return WorkerResponse(*await receive_frame(process.stdout, self.buffer))
