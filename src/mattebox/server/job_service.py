"""Job service of the server: opens the job manager on demand, runs its tasks on the worker pool, erases expired jobs.

It connects the threads of the job queue with the event loop of the worker pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.core.interface import install_extra
from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import Cipher, cipher_from_key
from mattebox.jobs.heartbeats import HEARTBEAT_SECONDS
from mattebox.server import webhooks
from mattebox.server.auditing import Auditor, take_hashes
from mattebox.server.content_buffer import Content
from mattebox.server.http.problems import Problem
from mattebox.server.locations import Locations
from mattebox.server.loop_delay import exempt_loaded_objects
from mattebox.server.settings import Settings
from mattebox.server.usage import UsageStore
from mattebox.server.workers.protocol import OUTPUT_KEY, WorkerTask
from mattebox.server.workers.referenced_source import fetch_source
from mattebox.server.workers.task_execution import execute_task
from mattebox.server.workers.worker_pool import WorkerLost, WorkerPool, WorkerResponse
from mattebox.types import OnProgress

if TYPE_CHECKING:
    from mattebox.jobs.manager import JobManager
    from mattebox.jobs.status import JobStatus
    from mattebox.jobs.task_runner import LoadTask

SWEEP_SECONDS = 60.0  # between sweeps of expired jobs


class JobFolderInUse(MatteboxError):
    """Another server uses the jobs' folder."""

    code = "no_jobs"


class JobService:
    """The server's jobs. Until `open_manager` is called, nothing is imported, written or started."""

    def __init__(self, settings: Settings, worker_pool: WorkerPool, usage: UsageStore, auditor: Auditor) -> None:
        self.settings, self.worker_pool, self.usage, self.auditor = settings, worker_pool, usage, auditor
        self.folder, self.locations = settings.data_folder(), Locations.from_settings(settings)
        self.cipher: Cipher = cipher_from_key(settings.data_key, settings.data_key_file)
        self._manager: JobManager | None = None
        self._open_lock = asyncio.Lock()
        self._lock_file: BinaryIO | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._futures: dict[str, Future[WorkerResponse]] = {}
        self._sweep_task: asyncio.Task[None] | None = None
        self.is_closed = False

    async def resume_stored_jobs(self) -> None:
        """Resume jobs that are stored already, unless another server uses their folder."""
        if self.settings.jobs and (self.settings.database or (self.folder / "jobs").is_dir()):
            with contextlib.suppress(JobFolderInUse):
                await self.open_manager()

    async def open_manager(self) -> JobManager:
        """The job manager, opened on the first call. Problem 503 when jobs are off; JobFolderInUse."""
        if not self.settings.jobs or self.is_closed:
            raise Problem(503, "no_jobs", "this server takes no jobs", "send it without Prefer: respond-async")
        async with self._open_lock:
            if self._manager is not None:
                return self._manager
            self._loop = asyncio.get_running_loop()
            manager = await asyncio.to_thread(self._start_manager)
            exempt_loaded_objects()
            self._sweep_task = asyncio.create_task(self._sweep_periodically(manager))
            return manager

    def uncounted_count(self, caller: str) -> int:
        """How many jobs of a caller are not in its usage yet, as far as is known here."""
        return self._manager.index.uncounted_count(caller) if self._manager else 0

    async def close(self, grace_seconds: int = 0) -> None:
        """Let running jobs finish for so many seconds, then hand the rest back to the queue."""
        self.is_closed = True
        async with self._open_lock:
            if self._sweep_task is not None:
                self._sweep_task.cancel()
                self._sweep_task = None
            if self._manager is not None:
                await asyncio.to_thread(self._manager.stop, grace_seconds)
                self._manager = None
            for future in list(self._futures.values()):
                future.cancel()
            if self._lock_file is not None:
                self._lock_file.close()
                self._lock_file = None

    def run_task(
        self, job_id: str, load_task: LoadTask, on_progress: OnProgress
    ) -> tuple[dict[str, Any], Content | None]:
        """Run a job's task on the worker pool, called from a thread of the queue. TaskFailed, TaskCrashed."""
        from mattebox.jobs.task_runner import TaskCrashed, TaskFailed

        manager = self._manager
        if manager is None:
            raise CancelledError  # the service has been closed: the job is handed back
        job, stored_task = manager.store.job(job_id), load_task()
        if job is None or stored_task is None:
            raise CancelledError  # erased
        worker_task, owner = WorkerTask.from_chunks(stored_task, self.worker_pool.buffer), job["owner"]
        with self._observe_job(job) as outcome:
            try:
                worker_task = fetch_source(worker_task, self.settings, self.locations, self.worker_pool.buffer)
                response = self._execute(job_id, owner, worker_task, on_progress)
                header, hashes = take_hashes(response.header)
                header, body = self._deliver(worker_task, header, response.body)
            except WorkerLost as error:
                outcome["status"] = error.code
                raise TaskCrashed from error
            except (Problem, MatteboxError) as error:
                outcome["status"] = error.code
                self._audit(owner, worker_task, error.code)
                problem = error if isinstance(error, Problem) else Problem.from_error(error)
                raise TaskFailed(problem.to_fields()) from None
            outcome["status"] = "ok"
            self._audit(owner, worker_task, "ok", hashes)
            self.usage.add_picture(owner, worker_task.pixels, response.seconds)
            manager.index.mark_counted(job_id)
            return header, body

    def _execute(self, job_id: str, owner: str, task: WorkerTask, on_progress: OnProgress) -> WorkerResponse:
        """Run a task on the worker pool's event loop, and wait for it."""
        if self._loop is None:
            raise CancelledError
        work = execute_task(self.worker_pool, task, caller=owner, is_batch=True, on_progress=on_progress)
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._futures[job_id] = future
        try:
            return future.result()
        finally:
            self._futures.pop(job_id, None)

    def _deliver(
        self, task: WorkerTask, header: dict[str, Any], body: Content
    ) -> tuple[dict[str, Any], Content | None]:
        """Write a result into the location that its task names; the metadata, and what is left to store. Problem."""
        output = task.header.get(OUTPUT_KEY)
        if output is None:
            return header, body
        content = body.read()
        self.locations.write(output["object"], content, overwrite=output["overwrite"])
        sha256 = hashlib.sha256(content).hexdigest()
        return header | {"output_object": output["object"], "output_sha256": sha256}, None

    @contextlib.contextmanager
    def _observe_job(self, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The span and the log line of a job's attempt, in the trace of its request; yields what is said of its end."""
        started_at, outcome = time.monotonic(), {"status": "interrupted"}
        with self.worker_pool.tracer.job_span(job.get("trace"), job["created"]) as span:
            try:
                yield outcome
            finally:
                seconds = round(time.monotonic() - started_at, 4)
                span.set_attributes(mattebox__status=outcome["status"])
                self.worker_pool.log.log_event("job", seconds=seconds, trace_id=span.context.trace_id, **outcome)

    def _audit(self, owner: str, task: WorkerTask, outcome: str, hashes: tuple[str, str] = ("", "")) -> None:
        """Record a job's task. TaskFailed where the audit log cannot be written."""
        from mattebox.jobs.task_runner import TaskFailed

        try:
            self.auditor.record_task_now(owner, task, outcome, hashes)
        except Problem as problem:
            raise TaskFailed(problem.to_fields()) from None

    def cancel_task(self, job_id: str) -> None:
        """Cancel a running task; `run_task` then raises CancelledError."""
        future = self._futures.get(job_id)
        if future is not None:
            future.cancel()

    def _start_manager(self) -> JobManager:
        self._manager = manager = self._create_manager()  # set before it starts, as stored jobs then run at once
        max_concurrent = 2 * self.settings.worker_count() + 2  # more than workers, so that none waits for the poll
        try:
            manager.start(0 if self.settings.role == "api" else max_concurrent)
        except BaseException:
            self._manager = None
            raise
        return manager

    def _create_manager(self) -> JobManager:
        try:
            from mattebox.jobs.manager import JobManager
            from mattebox.jobs.queue import JobQueue
            from mattebox.jobs.store import JobStore
        except ImportError as error:
            raise Problem(
                503, "no_jobs", "jobs need an extra package", install_extra("server"), {"Retry-After": "3600"}
            ) from error
        settings = self.settings
        store = JobStore(self.folder / "jobs", self.cipher)
        store.prepare(settings.machine)
        self._lock_folder()
        queue = JobQueue(settings.database or str(self.folder), settings.machine)
        return JobManager(
            store,
            queue,
            self,
            retention_seconds=settings.keep,
            send_webhook=self._send_webhook,
            on_internal_error=self.worker_pool.log.log_exception,
        )

    def _lock_folder(self) -> None:
        """Lock the folder: two servers under one machine's name would run its jobs twice. JobFolderInUse."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        file = open(self.folder / f"{self.settings.machine}.lock", "wb")  # noqa: SIM115  locked until `close`
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise JobFolderInUse(
                "another server uses the jobs' folder",
                "give each server a folder of its own, or a machine name and one database",
            ) from None
        self._lock_file = file

    def _send_webhook(self, status: JobStatus) -> bool:
        return webhooks.send_webhook(status, self.settings.hook_secret, self.settings.fetch_policy())

    async def _sweep_periodically(self, manager: JobManager) -> None:
        """Send heartbeats to other machines, and erase expired jobs now and then."""
        sweep_seconds = min(SWEEP_SECONDS, max(0.5, self.settings.keep / 4))
        pause_seconds, since_sweep = min(sweep_seconds, HEARTBEAT_SECONDS), 0.0
        while True:
            await asyncio.sleep(pause_seconds)
            since_sweep += pause_seconds
            with contextlib.suppress(Exception):  # a database or disk may be away for a while: try again
                await asyncio.to_thread(manager.heartbeat_and_adopt)
                if since_sweep >= sweep_seconds:
                    since_sweep = 0.0
                    await asyncio.to_thread(manager.erase_expired)
