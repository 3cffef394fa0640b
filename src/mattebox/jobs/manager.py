"""Jobs taken in, done, told of, kept a while and erased: the one interface to the shelf and the queue.

A job is promised when it lies on the shelf, synced; it is over when its outcome does, and then nothing changes it.
A worker lost over it is counted, and at the third it fails as poisoned. Knows nothing of HTTP, nor what a task means.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, Protocol

from mattebox.errors import MatteboxError
from mattebox.jobs.heartbeats import Heartbeats
from mattebox.jobs.queue import RUNNING, WAITING, JobQueue, QueueUnavailable
from mattebox.jobs.store import JobStore, StorageFull

JOBS_QUEUE, WEBHOOKS_QUEUE = "jobs", "hooks"
MAX_WORKER_LOSSES = 3  # lost over one job
MAX_SERVER_LOSSES = 10  # gone down while doing it: seldom the job's fault, for a server dies with all it does
RETRY_DELAY_SECONDS = 1.0  # seconds after a lost worker, and twice as many after the second
STORAGE_FULL_DELAY_SECONDS = 5.0
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
POISONED_ERROR = {"status": 500, "code": "poisoned", "problem": "the job was too much for a worker, three times",
            "remedy": "send a smaller picture; please report it"}  # fmt: skip
INTERNAL_ERROR = {"status": 500, "code": "internal", "remedy": "please report it"}


class TaskCrashed(Exception):
    """The worker died over the task."""


class TaskFailed(Exception):
    """The task cannot be done; `error` says why."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("problem"))
        self.error = error


class IdempotencyKeyReused(MatteboxError):
    """An idempotency key that came with something else before."""


class TaskRunner(Protocol):
    """Who does tasks. `run_task` blocks, and tells what share is done; `cancel_task` makes a running `run_task` of that name raise
    CancelledError."""

    def run_task(
        self, job_id: str, task: bytes, on_progress: Callable[[float], None]
    ) -> tuple[dict[str, Any], bytes]: ...

    def cancel_task(self, job_id: str) -> None: ...


@dataclass(frozen=True)
class JobStatus:
    """One job: `state` is queued, running, done, failed or cancelled; `outcome` holds what a finished one tells,
    `progress` is what part of it is done, 0..1."""

    job_id: str
    state: str
    created_at: float
    attempts: int
    outcome: dict[str, Any]
    webhook_url: str | None
    progress: float = 0.0

    @property
    def is_finished(self) -> bool:
        return self.state in (DONE, FAILED, CANCELLED)


class JobManager:
    """All jobs. Every method blocks, and may be called from any thread; what is not the owner's is not there."""

    def __init__(
        self,
        store: JobStore,
        queue: JobQueue,
        runner: TaskRunner,
        *,
        retention_seconds: float = 3600,
        on_finished: Callable[[JobStatus], None] | None = None,
    ) -> None:
        self.store, self.queue, self.runner, self.retention_seconds, self._on_finished = (
            store,
            queue,
            runner,
            retention_seconds,
            on_finished,
        )
        self.heartbeats = Heartbeats(store.root.parent / "machines", queue.executor)
        self._stopping_event = threading.Event()  # nothing more is begun
        self._stopped_event = threading.Event()  # what runs now belongs to whoever is next
        self._running_job_ids: set[str] = set()

    def start(self, max_concurrent: int = 1) -> None:
        """Begin, with what a crash left first; with none at once, all is left to other machines."""
        self.store.prepare(self.queue.executor)
        self.heartbeats.send()
        self.queue.start(
            {JOBS_QUEUE: (self._run_job, max_concurrent), WEBHOOKS_QUEUE: (self._send_webhook, 8)},
            is_consumer=max_concurrent > 0,
        )
        for name in self.store.job_ids():
            if self.store.finished_at(name) is not None:
                self.store.clean_up_finished(name)
                continue
            if self.queue.state(JOBS_QUEUE, name) is None:  # a crash came before it was queued
                self.queue.remove(JOBS_QUEUE, [name])
                self.queue.add(JOBS_QUEUE, name)

    def stop(self, grace_seconds: int = 0) -> None:
        """Finish the jobs that run within so many seconds; the rest is handed back, and its doing may be dropped then.
        Who only waits, such as a hook for its next try, is not waited for."""
        self._stopping_event.set()
        end = time.monotonic() + grace_seconds
        while self._running_job_ids and time.monotonic() < end:
            time.sleep(0.02)
        try:
            self.queue.stop()
        finally:
            self._stopped_event.set()

    def wait(self, seconds: float) -> None:
        """Sleep, in the work of a queue. CancelledError when it is handed back meanwhile."""
        if self._stopping_event.wait(seconds):
            self._hand_back()

    def _hand_back(self) -> NoReturn:
        """Stay until the queue has stopped, which otherwise believed that this was over."""
        self._stopped_event.wait()
        raise CancelledError

    def submit(
        self,
        owner: str,
        task: bytes,
        *,
        idempotency_key: str | None = None,
        webhook_url: str | None = None,
        reserve_bytes: int = 0,
    ) -> str:
        """Take a job in; its name. With a `idempotency_key`, the same task has the same name however often it comes; `reserve_bytes` are the
        bytes that its result may take.

        KeyReused when the key came with another task; NoRoom when the disk does not take it, QueueDown the queue.
        """
        name = (
            uuid.uuid4().hex
            if idempotency_key is None
            else hashlib.sha256(f"{owner}\0{idempotency_key}".encode()).hexdigest()[:32]
        )
        about = {
            "owner": owner,
            "created": time.time(),
            "fingerprint": _fingerprint(task, webhook_url),
            "hook": webhook_url,
        }
        new = self.store.add(name, about, task, self.queue.executor, reserve_bytes)
        if not new:
            known = self.store.job(name)
            if known is not None and known["fingerprint"] != about["fingerprint"]:
                raise IdempotencyKeyReused(
                    "this idempotency key came with another request", "use a new key for a new request"
                )
        if self.store.finished_at(name) is None:
            try:
                self.queue.add(JOBS_QUEUE, name)
            except QueueUnavailable:
                if new:  # nothing was promised
                    self.store.erase(name)
                raise
        return name

    def status(self, job_id: str, owner: str) -> JobStatus | None:
        """How a job is doing; None when there is none of that name."""
        job = self.store.job(job_id) if job_id.isalnum() else None
        if job is None or job["owner"] != owner:
            return None
        outcome, losses = self.store.outcome(job_id), self.store.losses(job_id)
        state = outcome["state"] if outcome else self.queue.state(JOBS_QUEUE, job_id) or WAITING
        share = 1.0 if outcome else self.store.progress(job_id) if state == RUNNING else 0.0
        attempts = losses["workers"] + losses["begun"]
        return JobStatus(job_id, state, job["created"], attempts, outcome or {}, job["hook"], share)

    def list(self, owner: str, limit: int = 100) -> list[JobStatus]:
        """The owner's jobs, newest first."""
        found = [s for n in self.store.job_ids() if (s := self.status(n, owner)) is not None]
        return sorted(found, key=lambda s: -s.created_at)[:limit]

    def result(self, job_id: str, owner: str) -> tuple[dict[str, Any], bytes] | None:
        """What is known of a done job's result, and its bytes; None when there is none."""
        status = self.status(job_id, owner)
        if status is None or status.state != DONE:
            return None
        body = self.store.result(job_id, status.outcome["stored_as"])
        return None if body is None else (status.outcome, body)

    def cancel(self, job_id: str, owner: str) -> JobStatus | None:
        """Stop a job that is not over; how it is now."""
        if self.status(job_id, owner) is None:
            return None
        if self.store.finish(job_id, {"state": CANCELLED, "finished": time.time()}):
            self.runner.cancel_task(job_id)
        return self.status(job_id, owner)

    def erase(self, job_id: str, owner: str) -> bool:
        """Stop a job, and leave nothing of it; False when there is none."""
        if self.status(job_id, owner) is None:
            return False
        return self._erase(job_id)

    def erase_expired(self, now: float | None = None) -> int:
        """Erase what was finished longer ago than it is kept; how many."""
        old = (time.time() if now is None else now) - self.retention_seconds
        found = [n for n in self.store.job_ids() if (at := self.store.finished_at(n)) is not None and at <= old]
        return sum(map(self._erase, found))

    def heartbeat_and_adopt(self) -> Sequence[str]:
        """Give a sign of life, and take over what machines had in hand that give none; their names."""
        self.heartbeats.send()
        dead = self.heartbeats.dead_machines()
        for name in dead:
            self.queue.adopt(name)
            self.store.prepare(name)
            self.heartbeats.forget(name)
        return dead

    def _erase(self, job_id: str) -> bool:
        erased = self.store.erase(job_id)
        self.runner.cancel_task(job_id)
        self.queue.remove(JOBS_QUEUE, [job_id])
        self.queue.remove(WEBHOOKS_QUEUE, [job_id])
        return erased

    def _run_job(self, job_id: str) -> None:
        """Bring a job to its outcome, and see that its end is told. CancelledError when handed back."""
        self._running_job_ids.add(job_id)
        try:
            self._run_until_finished(job_id)
            job = self.store.job(job_id)
            if job is not None and job["hook"]:
                self.queue.add(WEBHOOKS_QUEUE, job_id)
        finally:
            self._running_job_ids.discard(job_id)

    def _run_until_finished(self, job_id: str) -> None:
        """Without an outcome it comes back only when the job is erased."""
        while self.store.finished_at(job_id) is None and (task := self.store.task(job_id)) is not None:
            if self._stopping_event.is_set():
                self._running_job_ids.discard(job_id)
                self._hand_back()
            try:
                if not self._fail_if_poisoned(job_id):
                    self._run_attempt(job_id, task)
            except StorageFull:
                self._stopping_event.wait(STORAGE_FULL_DELAY_SECONDS)
            except CancelledError:
                continue  # erased or cancelled, or handed back

    def _run_attempt(self, job_id: str, task: bytes) -> None:
        losses = self.store.losses(job_id)
        self.store.set_losses(job_id, losses | {"begun": losses["begun"] + 1})
        self.store.set_progress(job_id, 0.0)
        try:
            told, body = self.runner.run_task(job_id, task, partial(self.store.set_progress, job_id))
            self._finish(job_id, DONE, told, body)
        except TaskCrashed:
            losses["workers"] += 1
            self.store.set_losses(job_id, losses)
            if losses["workers"] < MAX_WORKER_LOSSES:
                self._stopping_event.wait(RETRY_DELAY_SECONDS * losses["workers"])
            return
        except TaskFailed as failed:
            self._finish(job_id, FAILED, {"error": failed.error})
        except (StorageFull, CancelledError):
            self.store.set_losses(job_id, losses)
            raise
        except Exception as error:  # noqa: BLE001  the boundary: everything else is our own mistake
            self._finish(
                job_id, FAILED, {"error": INTERNAL_ERROR | {"problem": f"internal error ({type(error).__name__})"}}
            )

    def _fail_if_poisoned(self, job_id: str) -> bool:
        losses = self.store.losses(job_id)
        if losses["workers"] < MAX_WORKER_LOSSES and losses["begun"] < MAX_SERVER_LOSSES:
            return False
        self._finish(job_id, FAILED, {"error": POISONED_ERROR})
        return True

    def _finish(self, job_id: str, state: str, fields: dict[str, Any], body: bytes | None = None) -> None:
        self.store.finish(job_id, {"state": state, "finished": time.time(), **fields}, body)

    def _send_webhook(self, job_id: str) -> None:
        job = self.store.job(job_id)
        status = self.status(job_id, job["owner"]) if job else None
        if status is not None and self._on_finished is not None:
            self._on_finished(status)


def _fingerprint(task: bytes, webhook_url: str | None) -> str:
    return hashlib.sha256(json.dumps([webhook_url, hashlib.sha256(task).hexdigest()]).encode()).hexdigest()
