"""Jobs at the server: opened when the first one comes or old ones lie there, done by the crew, swept, handed back.

Between the jobs' threads and the crew's event loop. Knows nothing of requests.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import Seal, seal_of
from mattebox.jobs.heartbeats import BEAT
from mattebox.server import webhooks
from mattebox.server.http import problems
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from mattebox.server.usage import Usage
from mattebox.server.workers.tasks import done, unpacked
from mattebox.server.workers.worker_pool import Busy, Crew, Done, Tell, WorkerLost

if TYPE_CHECKING:
    from mattebox.jobs.manager import Jobs, Status

PATIENCE = 0.1  # seconds between looks for room
SWEEP = 60.0


class InUse(MatteboxError):
    """The jobs' folder belongs to another server."""


class Office:
    """The server's jobs. `jobs()` opens them; until then nothing is imported, written or listened to."""

    def __init__(self, settings: Settings, crew: Crew, usage: Usage) -> None:
        self.settings, self.crew, self.usage = settings, crew, usage
        self.folder = settings.data_folder()
        self.seal: Seal = seal_of(settings.data_key, settings.data_key_file)
        self._jobs: Jobs | None = None
        self._opening = asyncio.Lock()
        self._lock: BinaryIO | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._doing: dict[str, Future[Done]] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self.closed = False

    async def begin(self) -> None:
        """Go on with what lies there from before, unless another server does."""
        if self.settings.jobs and (self.settings.database or (self.folder / "jobs").is_dir()):
            with contextlib.suppress(InUse):
                await self.jobs()

    async def jobs(self) -> Jobs:
        """The jobs, opened at the first call. Problem when there are none; InUse."""
        if not self.settings.jobs or self.closed:
            raise Problem(503, "no_jobs", "this server takes no jobs", "send it without Prefer: respond-async")
        async with self._opening:
            if self._jobs is None:
                self._loop = asyncio.get_running_loop()
                self._jobs = await asyncio.to_thread(self._open)
                self._sweeping = asyncio.create_task(self._sweep(self._jobs))
        return self._jobs

    async def close(self, patience: int = 0) -> None:
        """Finish what runs within so many seconds, and hand the rest back."""
        self.closed = True
        async with self._opening:
            if self._sweeping is not None:
                self._sweeping.cancel()
                self._sweeping = None
            if self._jobs is not None:
                await asyncio.to_thread(self._jobs.stop, patience)
                self._jobs = None
            for future in list(self._doing.values()):
                future.cancel()
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def do(self, name: str, task: bytes, tell: Tell) -> tuple[dict[str, Any], bytes]:
        """Have the crew do a job's task, from a thread of the queue; `tell` is told what share of it is done."""
        from mattebox.jobs.manager import Failed, Lost

        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(self._done(task, tell), self._loop)
        self._doing[name] = future
        try:
            made = future.result()
        except WorkerLost as error:
            raise Lost from error
        except Problem as problem:
            raise Failed(_told(problem)) from None
        except MatteboxError as error:
            raise Failed(_told(problems.of(error))) from None
        finally:
            self._doing.pop(name, None)
        job = self._jobs.shelf.job(name) if self._jobs else None
        if job is not None:
            self.usage.add(job["owner"], unpacked(task).pixels, made.seconds)
        return made.told, made.body

    def drop(self, name: str) -> None:
        future = self._doing.get(name)
        if future is not None:
            future.cancel()

    async def _done(self, piece: bytes, tell: Tell) -> Done:
        """Wait for room without taking what others need: jobs hold half of the pixels at most, or one picture."""
        task = unpacked(piece)
        while True:
            if not self.crew.pixels or self.crew.pixels + task.pixels <= self.settings.pixel_budget // 2:
                with contextlib.suppress(Busy):
                    return await done(self.crew, task, tell)
            await asyncio.sleep(PATIENCE)

    def _open(self) -> Jobs:
        try:
            from mattebox.jobs.manager import Jobs
            from mattebox.jobs.queue import Queue
            from mattebox.jobs.store import Shelf
        except ImportError as error:
            raise Problem(
                503, "no_jobs", "jobs need a package more", "pip install mattebox[server]", {"Retry-After": "3600"}
            ) from error
        settings = self.settings
        shelf = Shelf(self.folder / "jobs", self.seal)
        shelf.prepare(settings.machine)
        self._hold()
        queue = Queue(settings.database or str(self.folder), settings.machine)
        jobs = Jobs(shelf, queue, self, keep=settings.keep, tell=self._tell)
        at_once = 2 * settings.processes() + 2  # more than work, so that none waits for the queue's next look
        jobs.start(0 if settings.role == "api" else at_once)
        return jobs

    def _hold(self) -> None:
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
            raise InUse(
                "the jobs' folder belongs to another server", "give each its own, or a name on one database"
            ) from None
        self._lock = file

    def _tell(self, status: Status) -> None:
        assert self._jobs is not None
        webhooks.deliver(status, self.settings.hook_secret, self.settings.rules(), self._jobs.wait)

    async def _sweep(self, jobs: Jobs) -> None:
        """Erase what was kept long enough, and give signs of life to other machines."""
        every, swept = min(SWEEP, max(0.5, self.settings.keep / 4)), 0.0
        while True:
            await asyncio.sleep(min(every, BEAT))
            swept += min(every, BEAT)
            with contextlib.suppress(Exception):  # a database or disk away for a while: the next round tries again
                await asyncio.to_thread(jobs.beat)
                if swept >= every:
                    swept = 0.0
                    await asyncio.to_thread(jobs.sweep)


def _told(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "code": problem.code, "problem": problem.problem, "remedy": problem.remedy}
