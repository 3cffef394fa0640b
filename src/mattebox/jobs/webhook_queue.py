"""Durable queue of web hooks. Each attempt is an item of its own and a retry is queued for later, so that none holds a
thread while it waits. Hooks of one owner and receiver get few threads at a time: a slow receiver delays no other's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from urllib.parse import urlsplit

from mattebox.jobs.queue import JobQueue, QueueHandler, QueueUnavailable
from mattebox.jobs.status import JobStatus
from mattebox.jobs.store import JobStore

WEBHOOKS_QUEUE = "hooks"
MAX_CONCURRENT_WEBHOOKS, MAX_CONCURRENT_PER_RECEIVER = 32, 2
POLL_FACTOR = 4.0  # a moment more or less is nothing to a receiver, but each poll asks the database three times
MAX_ATTEMPTS, FIRST_RETRY_SECONDS, BACKOFF_FACTOR = 6, 1.0, 4.0  # retries after 1, 4, 16, 64 and 256 seconds
QUEUE_RETRY_SECONDS = 5.0  # while the queue takes nothing

SendWebhook = Callable[[JobStatus], bool]
"""Sends a finished job's web hook once; whether the receiver accepted it."""


class WebhookQueue:
    """The web hooks of finished jobs.

    Parameters
    ----------
    queue
        Where the items are.
    store
        The jobs.
    find_status
        The status of a job, by its id and owner.
    send
        Sends one.
    wait
        Sleeps; raises CancelledError when the manager stops meanwhile.
    """

    def __init__(
        self,
        queue: JobQueue,
        store: JobStore,
        find_status: Callable[[str, str], JobStatus | None],
        send: SendWebhook | None,
        wait: Callable[[float], None],
    ) -> None:
        self.queue, self.store = queue, store
        self._find_status, self._send, self._wait = find_status, send, wait
        self._salt = os.urandom(16)  # the database must not tell who was notified

    @property
    def handler(self) -> QueueHandler:
        """What the queue is to start."""
        return QueueHandler(self._process_item, MAX_CONCURRENT_WEBHOOKS, MAX_CONCURRENT_PER_RECEIVER, POLL_FACTOR)

    def add(self, job_id: str, attempt: int = 1) -> None:
        """Queue an attempt at a job's web hook, if it has one; waits while the queue takes nothing."""
        job = self.store.job(job_id)
        if job is None or not job["hook"]:
            return
        delay_seconds = FIRST_RETRY_SECONDS * BACKOFF_FACTOR ** (attempt - 2) if attempt > 1 else None
        partition = self._partition(job["owner"], job["hook"])
        while True:
            try:
                self.queue.add(WEBHOOKS_QUEUE, f"{job_id}-{attempt}", partition=partition, delay_seconds=delay_seconds)
            except QueueUnavailable:
                self._wait(QUEUE_RETRY_SECONDS)
            else:
                return

    def remove(self, job_id: str) -> None:
        """Forget a job's web hook."""
        self.queue.remove(WEBHOOKS_QUEUE, [f"{job_id}-{attempt}" for attempt in range(1, MAX_ATTEMPTS + 1)])

    def _process_item(self, name: str) -> None:
        job_id, _, attempt = name.partition("-")
        job = self.store.job(job_id)
        status = self._find_status(job_id, job["owner"]) if job else None
        if status is None or self._send is None or self._send(status):
            return
        if int(attempt) < MAX_ATTEMPTS:
            self.add(job_id, int(attempt) + 1)

    def _partition(self, owner: str, url: str) -> str:
        receiver = f"{owner}\0{urlsplit(url).netloc.lower()}"
        return hashlib.sha256(self._salt + receiver.encode()).hexdigest()[:32]
