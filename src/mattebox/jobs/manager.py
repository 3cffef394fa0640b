"""Job manager: accepts jobs, runs them from a durable queue, reports their status, and erases them.

A job is accepted once it is on disk, synced. It is finished once its outcome is, and then nothing changes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from mattebox.errors import MatteboxError
from mattebox.jobs.executor import JobExecutor
from mattebox.jobs.heartbeats import Heartbeats
from mattebox.jobs.job_index import JobIndex
from mattebox.jobs.queue import RUNNING, WAITING, JobQueue, QueueHandler, QueueUnavailable
from mattebox.jobs.status import CANCELLED, JobStatus
from mattebox.jobs.store import JobStore, StorageFull
from mattebox.jobs.task_runner import TaskRunner
from mattebox.jobs.webhook_queue import WEBHOOKS_QUEUE, SendWebhook, WebhookQueue

JOBS_QUEUE = "jobs"
MAX_JOB_ID_CHARACTERS = 64


class IdempotencyKeyReused(MatteboxError):
    """An idempotency key was used for another request before."""

    code = "idempotency_key_reused"


class TooManyJobs(MatteboxError):
    """The owner has as many unfinished jobs as are allowed."""

    code = "busy"
    retry_after = 10


class JobManager:
    """All jobs. Every method blocks and may be called from any thread. Other owners' jobs seem not to exist.

    Parameters
    ----------
    store
        Where jobs lie on disk.
    queue
        Their order, across restarts and machines.
    runner
        Runs their tasks.
    retention_seconds
        How long finished jobs are kept.
    send_webhook
        Called for every finished job with a web hook, some times at most, until it returns True.
    on_internal_error
        Called with an error of the runner that is a bug.
    """

    def __init__(
        self,
        store: JobStore,
        queue: JobQueue,
        runner: TaskRunner,
        *,
        retention_seconds: float = 3600,
        send_webhook: SendWebhook | None = None,
        on_internal_error: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self.store, self.queue, self.retention_seconds = store, queue, retention_seconds
        self.index = JobIndex(store)
        self.executor = JobExecutor(store, runner, on_internal_error)
        self.webhooks = WebhookQueue(queue, store, self.status, send_webhook, self.executor.wait)
        self.heartbeats = Heartbeats(store.root.parent / "machines", queue.machine)

    def start(self, max_concurrent: int = 1) -> None:
        """Start with the jobs that a crash left; with `max_concurrent` 0, leave all jobs to other machines."""
        self.store.prepare(self.queue.machine)
        self.heartbeats.send()
        self.queue.start(
            {JOBS_QUEUE: QueueHandler(self._run_job, max_concurrent), WEBHOOKS_QUEUE: self.webhooks.handler},
            is_consumer=max_concurrent > 0,
        )
        for job_id in self.store.job_ids():
            if self.store.finished_at(job_id) is not None:
                self.store.clean_up_finished(job_id)
            elif self.queue.state(JOBS_QUEUE, job_id) is None:  # it crashed before it was queued
                self.queue.remove(JOBS_QUEUE, [job_id])
                self.queue.add(JOBS_QUEUE, job_id, turn=(self.store.job(job_id) or {}).get("turn"))
        self.index.refresh()

    def stop(self, grace_seconds: int = 0) -> None:
        """Let running jobs finish for so many seconds, and hand the rest back to the queue. Waiting web hooks are
        handed back at once."""
        self.executor.drain(grace_seconds)
        try:
            self.queue.stop()
        finally:
            self.executor.release()

    def submit(
        self,
        owner: str,
        task: Iterable[bytes],
        *,
        idempotency_key: str | None = None,
        webhook_url: str | None = None,
        reserve_bytes: int = 0,
        max_unfinished: int | None = None,
        trace: str | None = None,
    ) -> str:
        """Accept a job.

        Parameters
        ----------
        owner
            Who may see the job.
        task
            What to do, for the runner: chunks that can be read several times.
        idempotency_key
            The same key with the same task is the same job, however often it is submitted.
        webhook_url
            Notified when the job is finished.
        reserve_bytes
            Disk space that must be free for the task and its result.
        max_unfinished
            How many unfinished jobs the owner may have, this one included.
        trace
            The trace of the request (W3C traceparent), kept with the job.

        Returns
        -------
        str
            The job's id.

        Raises
        ------
        IdempotencyKeyReused
            The key was used for another task.
        TooManyJobs
            The owner has too many unfinished ones.
        StorageFull, QueueUnavailable
            The disk or the queue refuses the job.
        """
        job_id = uuid.uuid4().hex if idempotency_key is None else _job_id_for_key(owner, idempotency_key)
        fingerprint, created_at = _fingerprint(task, webhook_url), time.time()
        self.index.refresh()
        entry = self.index.add(job_id, owner, created_at, max_unfinished)
        if entry is None:
            raise TooManyJobs(f"{max_unfinished} jobs are not finished yet", "wait for them, or cancel some")
        job = {"owner": owner, "created": created_at, "fingerprint": fingerprint, "hook": webhook_url, "trace": trace}
        try:
            is_new = self.store.add(job_id, job | {"turn": entry.turn}, task, self.queue.machine, reserve_bytes)
        except StorageFull:
            self.index.discard(job_id)
            raise
        entry.is_stored = True
        if not is_new:
            stored = self.store.job(job_id)
            if stored is not None and stored["fingerprint"] != fingerprint:
                raise IdempotencyKeyReused(
                    "this idempotency key came with another request", "use a new key for a new request"
                )
        if self.store.finished_at(job_id) is None:
            self._queue_job(job_id, entry.turn, is_new)
        return job_id

    def status(self, job_id: str, owner: str) -> JobStatus | None:
        """The status of a job; None when there is none with this id."""
        job = self.store.job(job_id) if job_id.isalnum() and len(job_id) <= MAX_JOB_ID_CHARACTERS else None
        if job is None or job["owner"] != owner:
            return None
        outcome, losses = self.store.outcome(job_id), self.store.losses(job_id)
        state = outcome["state"] if outcome else self.queue.state(JOBS_QUEUE, job_id) or WAITING
        progress = 1.0 if outcome else self.store.progress(job_id) if state == RUNNING else 0.0
        attempts = losses["workers"] + losses["begun"]
        return JobStatus(job_id, state, job["created"], attempts, outcome or {}, job["hook"], progress)

    def list(self, owner: str, limit: int = 100) -> list[JobStatus]:
        """The owner's jobs, newest first."""
        self.index.refresh()
        job_ids = self.index.newest_ids(owner, limit)
        return [status for job_id in job_ids if (status := self.status(job_id, owner)) is not None]

    def result(self, job_id: str, owner: str) -> tuple[dict[str, Any], Iterator[bytes]] | None:
        """Metadata of a done job's result, and its bytes in chunks; None when there is none here."""
        status = self.status(job_id, owner)
        if status is None or "stored_as" not in status.outcome:
            return None
        body = self.store.result(job_id, status.outcome["stored_as"])
        return None if body is None else (status.outcome, body)

    def cancel(self, job_id: str, owner: str) -> JobStatus | None:
        """Cancel a job unless it is finished, and return its status; None when there is none with this id."""
        if self.status(job_id, owner) is None:
            return None
        if self.executor.finish(job_id, CANCELLED, {}):
            self.index.mark_finished(job_id)
            self.executor.runner.cancel_task(job_id)
        return self.status(job_id, owner)

    def erase(self, job_id: str, owner: str) -> bool:
        """Stop a job and erase all of it; False when there is none with this id."""
        if self.status(job_id, owner) is None:
            return False
        return self._erase(job_id)

    def erase_expired(self, now: float | None = None) -> int:
        """Erase jobs that finished more than `retention_seconds` ago; how many."""
        limit = (time.time() if now is None else now) - self.retention_seconds
        expired = [n for n in self.store.job_ids() if (at := self.store.finished_at(n)) is not None and at <= limit]
        return sum(map(self._erase, expired))

    def heartbeat_and_adopt(self) -> Sequence[str]:
        """Send a heartbeat, and queue the jobs of dead machines again; the names of those machines."""
        self.heartbeats.send()
        dead = self.heartbeats.dead_machines()
        for machine in dead:
            self.queue.adopt(machine)
            self.store.prepare(machine)
            self.heartbeats.forget(machine)
        self.index.refresh()
        return dead

    def _queue_job(self, job_id: str, turn: int, is_new: bool) -> None:
        try:
            self.queue.add(JOBS_QUEUE, job_id, turn=turn or None)
        except QueueUnavailable:
            if is_new:  # not accepted yet
                self.store.erase(job_id)
                self.index.discard(job_id)
            raise

    def _erase(self, job_id: str) -> bool:
        erased = self.store.erase(job_id)
        self.index.discard(job_id)
        self.executor.runner.cancel_task(job_id)
        with contextlib.suppress(QueueUnavailable):  # a full disk: an item without its job does nothing
            self.queue.remove(JOBS_QUEUE, [job_id])
            self.webhooks.remove(job_id)
        return erased

    def _run_job(self, job_id: str) -> None:
        """Run a job to its outcome, then queue its web hook. CancelledError when it is handed back."""
        with self.executor.track_running(job_id):
            self.executor.run_until_finished(job_id)
            self.index.mark_finished(job_id)
            self.webhooks.add(job_id)


def _job_id_for_key(owner: str, idempotency_key: str) -> str:
    return hashlib.sha256(f"{owner}\0{idempotency_key}".encode()).hexdigest()[:32]


def _fingerprint(task: Iterable[bytes], webhook_url: str | None) -> str:
    task_hash = hashlib.sha256()
    for chunk in task:
        task_hash.update(chunk)
    return hashlib.sha256(json.dumps([webhook_url, task_hash.hexdigest()]).encode()).hexdigest()
