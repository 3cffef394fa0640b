"""Execution of jobs: runs a task until it has an outcome, with retries after lost workers.

A worker that dies over a task is counted, and so is a server that goes down meanwhile; after too many losses the job
fails as poisoned. While the server stops, running jobs are handed back to the queue.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

from mattebox.jobs.status import DONE, FAILED
from mattebox.jobs.store import JobStore, StorageFull
from mattebox.jobs.task_runner import TaskCrashed, TaskFailed, TaskRunner

MAX_WORKER_LOSSES = 3  # over one job
MAX_SERVER_LOSSES = 10  # more, because a server that goes down takes innocent jobs with it
RETRY_DELAY_SECONDS = 1.0  # after the first lost worker, twice as long after the second
STORAGE_FULL_DELAY_SECONDS = 1.0  # between attempts to store a result
POISONED_ERROR = {
    "status": 500,
    "code": "poisoned",
    "problem": "the job was too much for a worker, three times",
    "remedy": "send a smaller picture; please report it",
}
INTERNAL_ERROR = {"status": 500, "code": "internal", "remedy": "please report it"}


class JobExecutor:
    """Runs the jobs of this process, each in a thread of the queue.

    Parameters
    ----------
    store
        The jobs.
    runner
        Runs their tasks.
    on_internal_error
        Called with an error that is a bug of ours; the job then fails with a problem that says so.
    """

    def __init__(self, store: JobStore, runner: TaskRunner, on_internal_error: Callable[[Exception], None]) -> None:
        self.store, self.runner, self._on_internal_error = store, runner, on_internal_error
        self._stopping_event = threading.Event()  # begin nothing more
        self._stopped_event = threading.Event()  # running jobs belong to another process now
        self._running_job_ids: set[str] = set()

    @contextmanager
    def track_running(self, job_id: str) -> Iterator[None]:
        """Count a job as running, so that `drain` waits for it."""
        self._running_job_ids.add(job_id)
        try:
            yield
        finally:
            self._running_job_ids.discard(job_id)

    def run_until_finished(self, job_id: str) -> None:
        """Run a job until it has an outcome or is erased. CancelledError when it is handed back."""
        while self.store.finished_at(job_id) is None and self.store.has_task(job_id):
            if self._stopping_event.is_set():
                self._running_job_ids.discard(job_id)
                self._hand_back()
            try:
                if not self._fail_if_poisoned(job_id):
                    self._run_attempt(job_id)
            except StorageFull:
                self._stopping_event.wait(STORAGE_FULL_DELAY_SECONDS)
            except CancelledError:
                continue  # erased, cancelled or handed back: the loop's condition tells

    def finish(self, job_id: str, state: str, fields: dict[str, Any], body: Iterable[bytes] | None = None) -> bool:
        """Store the outcome of a job; False when it has one already or is erased."""
        return self.store.finish(job_id, {"state": state, "finished": time.time(), **fields}, body)

    def drain(self, grace_seconds: int) -> None:
        """Begin nothing more, and let running jobs finish for so many seconds."""
        self._stopping_event.set()
        end = time.monotonic() + grace_seconds
        while self._running_job_ids and time.monotonic() < end:
            time.sleep(0.02)

    def release(self) -> None:
        """Let the threads of jobs that were handed back end, once the queue has stopped."""
        self._stopped_event.set()

    def wait(self, seconds: float) -> None:
        """Sleep in a thread of the queue. CancelledError when its item is handed back meanwhile."""
        if self._stopping_event.wait(seconds):
            self._hand_back()

    def _hand_back(self) -> NoReturn:
        """Block until the queue has stopped: if this thread ended before, the queue would count its item as done."""
        self._stopped_event.wait()
        raise CancelledError

    def _run_attempt(self, job_id: str) -> None:
        losses = self.store.losses(job_id)
        self.store.set_losses(job_id, losses | {"begun": losses["begun"] + 1})
        self.store.set_progress(job_id, 0.0)
        try:
            load_task, on_progress = partial(self.store.task, job_id), partial(self.store.set_progress, job_id)
            metadata, body = self.runner.run_task(job_id, load_task, on_progress)
            self._store_result(job_id, metadata, body)
        except TaskCrashed:
            losses["workers"] += 1
            self.store.set_losses(job_id, losses)
            if losses["workers"] < MAX_WORKER_LOSSES:
                self._stopping_event.wait(RETRY_DELAY_SECONDS * losses["workers"])
        except TaskFailed as failed:
            self.finish(job_id, FAILED, {"error": failed.error})
        except (StorageFull, CancelledError):
            self.store.set_losses(job_id, losses)
            raise
        except Exception as error:  # noqa: BLE001  the boundary: anything else is a bug of ours
            self._on_internal_error(error)
            problem = f"internal error ({type(error).__name__})"
            self.finish(job_id, FAILED, {"error": INTERNAL_ERROR | {"problem": problem}})

    def _store_result(self, job_id: str, metadata: dict[str, Any], body: Iterable[bytes] | None) -> None:
        """Finish a job, once there is room for its result. StorageFull when it must be handed back before."""
        while True:
            try:
                self.finish(job_id, DONE, metadata, body)
            except StorageFull:
                if self._stopping_event.wait(STORAGE_FULL_DELAY_SECONDS):
                    raise
                if self.store.finished_at(job_id) is not None or self.store.job(job_id) is None:
                    return  # cancelled or erased meanwhile
            else:
                return

    def _fail_if_poisoned(self, job_id: str) -> bool:
        losses = self.store.losses(job_id)
        if losses["workers"] < MAX_WORKER_LOSSES and losses["begun"] < MAX_SERVER_LOSSES:
            return False
        self.finish(job_id, FAILED, {"error": POISONED_ERROR})
        return True
