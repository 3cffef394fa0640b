"""Jobs at the server: opened when the first one comes or old ones lie there, done by the crew, swept, handed back.

Between the jobs' threads and the crew's event loop. Knows nothing of requests.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import Cipher, cipher_from_key
from mattebox.jobs.heartbeats import HEARTBEAT_SECONDS
from mattebox.server import webhooks
from mattebox.server.http import problems
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from mattebox.server.usage import UsageStore
from mattebox.server.workers.tasks import execute_task, unpack_task
from mattebox.server.workers.worker_pool import ServerBusy, WorkerLost, WorkerPool, WorkerResponse
from mattebox.types import OnProgress

if TYPE_CHECKING:
    from mattebox.jobs.manager import JobManager, JobStatus

ADMISSION_POLL_SECONDS = 0.1  # seconds between looks for room
SWEEP_SECONDS = 60.0


class JobFolderInUse(MatteboxError):
    """The jobs' folder belongs to another server."""


class JobService:
    """The server's jobs. `jobs()` opens them; until then nothing is imported, written or listened to."""

    def __init__(self, settings: Settings, worker_pool: WorkerPool, usage: UsageStore) -> None:
        self.settings, self.worker_pool, self.usage = settings, worker_pool, usage
        self.folder = settings.data_folder()
        self.cipher: Cipher = cipher_from_key(settings.data_key, settings.data_key_file)
        self._manager: JobManager | None = None
        self._open_lock = asyncio.Lock()
        self._lock_file: BinaryIO | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._futures: dict[str, Future[WorkerResponse]] = {}
        self._sweep_task: asyncio.Task[None] | None = None
        self.is_closed = False

    async def resume_stored_jobs(self) -> None:
        """Go on with what lies there from before, unless another server does."""
        if self.settings.jobs and (self.settings.database or (self.folder / "jobs").is_dir()):
            with contextlib.suppress(JobFolderInUse):
                await self.open_manager()

    async def open_manager(self) -> JobManager:
        """The jobs, opened at the first call. Problem when there are none; InUse."""
        if not self.settings.jobs or self.is_closed:
            raise Problem(503, "no_jobs", "this server takes no jobs", "send it without Prefer: respond-async")
        async with self._open_lock:
            if self._manager is None:
                self._loop = asyncio.get_running_loop()
                self._manager = await asyncio.to_thread(self._create_manager)
                self._sweep_task = asyncio.create_task(self._sweep_periodically(self._manager))
        return self._manager

    async def close(self, grace_seconds: int = 0) -> None:
        """Finish what runs within so many seconds, and hand the rest back."""
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

    def run_task(self, job_id: str, task: bytes, on_progress: OnProgress) -> tuple[dict[str, Any], bytes]:
        """Have the crew do a job's task, from a thread of the queue; `on_progress` is told what share of it is done."""
        from mattebox.jobs.manager import TaskCrashed, TaskFailed

        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(self._execute_when_free(task, on_progress), self._loop)
        self._futures[job_id] = future
        try:
            made = future.result()
        except WorkerLost as error:
            raise TaskCrashed from error
        except Problem as problem:
            raise TaskFailed(_error_fields(problem)) from None
        except MatteboxError as error:
            raise TaskFailed(_error_fields(problems.problem_from_error(error))) from None
        finally:
            self._futures.pop(job_id, None)
        job = self._manager.store.job(job_id) if self._manager else None
        if job is not None:
            self.usage.add_picture(job["owner"], unpack_task(task).pixels, made.seconds)
        return made.header, made.body

    def cancel_task(self, job_id: str) -> None:
        future = self._futures.get(job_id)
        if future is not None:
            future.cancel()

    async def _execute_when_free(self, packed_task: bytes, on_progress: OnProgress) -> WorkerResponse:
        """Wait for room without taking what others need: jobs hold half of the pixels at most, or one picture."""
        task = unpack_task(packed_task)
        while True:
            if (
                not self.worker_pool.pixels_in_flight
                or self.worker_pool.pixels_in_flight + task.pixels <= self.settings.pixel_budget // 2
            ):
                with contextlib.suppress(ServerBusy):
                    return await execute_task(self.worker_pool, task, on_progress)
            await asyncio.sleep(ADMISSION_POLL_SECONDS)

    def _create_manager(self) -> JobManager:
        try:
            from mattebox.jobs.manager import JobManager
            from mattebox.jobs.queue import JobQueue
            from mattebox.jobs.store import JobStore
        except ImportError as error:
            raise Problem(
                503, "no_jobs", "jobs need a package more", "pip install mattebox[server]", {"Retry-After": "3600"}
            ) from error
        settings = self.settings
        shelf = JobStore(self.folder / "jobs", self.cipher)
        shelf.prepare(settings.machine)
        self._lock_folder()
        queue = JobQueue(settings.database or str(self.folder), settings.machine)
        jobs = JobManager(shelf, queue, self, retention_seconds=settings.keep, on_finished=self._deliver_webhook)
        at_once = 2 * settings.worker_count() + 2  # more than work, so that none waits for the queue's next look
        jobs.start(0 if settings.role == "api" else at_once)
        return jobs

    def _lock_folder(self) -> None:
        """Hold the folder: two servers that give out one machine's jobs would do them twice. InUse."""
        try:
            import fcntl
        except ImportError:  # not on Windows
            return
        file = open(self.folder / f"{self.settings.machine}.lock", "wb")  # noqa: SIM115  held until the end
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise JobFolderInUse(
                "the jobs' folder belongs to another server", "give each its own, or a name on one database"
            ) from None
        self._lock_file = file

    def _deliver_webhook(self, status: JobStatus) -> None:
        assert self._manager is not None
        webhooks.deliver_webhook(status, self.settings.hook_secret, self.settings.fetch_rules(), self._manager.wait)

    async def _sweep_periodically(self, manager: JobManager) -> None:
        """Erase what was kept long enough, and give signs of life to other machines."""
        every, swept = min(SWEEP_SECONDS, max(0.5, self.settings.keep / 4)), 0.0
        while True:
            await asyncio.sleep(min(every, HEARTBEAT_SECONDS))
            swept += min(every, HEARTBEAT_SECONDS)
            with contextlib.suppress(Exception):  # a database or disk away for a while: the next round tries again
                await asyncio.to_thread(manager.heartbeat_and_adopt)
                if swept >= every:
                    swept = 0.0
                    await asyncio.to_thread(manager.erase_expired)


def _error_fields(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "code": problem.code, "problem": problem.problem, "remedy": problem.remedy}
