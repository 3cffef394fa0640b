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
from mattebox.jobs.heartbeats import Machines
from mattebox.jobs.queue import RUNNING, WAITING, Queue, QueueDown
from mattebox.jobs.store import NoRoom, Shelf

JOBS, HOOKS = "jobs", "hooks"
MOST_WORKERS = 3  # lost over one job
MOST_SERVERS = 10  # gone down while doing it: seldom the job's fault, for a server dies with all it does
PAUSE = 1.0  # seconds after a lost worker, and twice as many after the second
NO_ROOM_PAUSE = 5.0
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
POISONED = {"status": 500, "code": "poisoned", "problem": "the job was too much for a worker, three times",
            "remedy": "send a smaller picture; please report it"}  # fmt: skip
INTERNAL = {"status": 500, "code": "internal", "remedy": "please report it"}


class Lost(Exception):
    """The worker died over the task."""


class Failed(Exception):
    """The task cannot be done; `told` says why."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told.get("problem"))
        self.told = told


class KeyReused(MatteboxError):
    """An idempotency key that came with something else before."""


class Doer(Protocol):
    """Who does tasks. `do` blocks, and tells what share is done; `drop` makes a running `do` of that name raise
    CancelledError."""

    def do(self, name: str, task: bytes, tell: Callable[[float], None]) -> tuple[dict[str, Any], bytes]: ...

    def drop(self, name: str) -> None: ...


@dataclass(frozen=True)
class Status:
    """One job: `state` is queued, running, done, failed or cancelled; `outcome` holds what a finished one tells,
    `share` is what part of it is done, 0..1."""

    name: str
    state: str
    created: float
    attempts: int
    outcome: dict[str, Any]
    hook: str | None
    share: float = 0.0

    @property
    def over(self) -> bool:
        return self.state in (DONE, FAILED, CANCELLED)


class Jobs:
    """All jobs. Every method blocks, and may be called from any thread; what is not the owner's is not there."""

    def __init__(
        self,
        shelf: Shelf,
        queue: Queue,
        doer: Doer,
        *,
        keep: float = 3600,
        tell: Callable[[Status], None] | None = None,
    ) -> None:
        self.shelf, self.queue, self.doer, self.keep, self._tell = shelf, queue, doer, keep, tell
        self.machines = Machines(shelf.root.parent / "machines", queue.executor)
        self._leaving = threading.Event()  # nothing more is begun
        self._returned = threading.Event()  # what runs now belongs to whoever is next
        self._working: set[str] = set()

    def start(self, at_once: int = 1) -> None:
        """Begin, with what a crash left first; with none at once, all is left to other machines."""
        self.shelf.prepare(self.queue.executor)
        self.machines.beat()
        self.queue.start({JOBS: (self._run, at_once), HOOKS: (self._hook, 8)}, takes=at_once > 0)
        for name in self.shelf.names():
            if self.shelf.finished_at(name) is not None:
                self.shelf.tidy(name)
                continue
            if self.queue.state(JOBS, name) is None:  # a crash came before it was queued
                self.queue.remove(JOBS, [name])
                self.queue.add(JOBS, name)

    def stop(self, patience: int = 0) -> None:
        """Finish the jobs that run within so many seconds; the rest is handed back, and its doing may be dropped then.
        Who only waits, such as a hook for its next try, is not waited for."""
        self._leaving.set()
        end = time.monotonic() + patience
        while self._working and time.monotonic() < end:
            time.sleep(0.02)
        try:
            self.queue.stop()
        finally:
            self._returned.set()

    def wait(self, seconds: float) -> None:
        """Sleep, in the work of a queue. CancelledError when it is handed back meanwhile."""
        if self._leaving.wait(seconds):
            self._hand_back()

    def _hand_back(self) -> NoReturn:
        """Stay until the queue has stopped, which otherwise believed that this was over."""
        self._returned.wait()
        raise CancelledError

    def submit(self, owner: str, task: bytes, *, key: str | None = None, hook: str | None = None, room: int = 0) -> str:
        """Take a job in; its name. With a `key`, the same task has the same name however often it comes; `room` are the
        bytes that its result may take.

        KeyReused when the key came with another task; NoRoom when the disk does not take it, QueueDown the queue.
        """
        name = uuid.uuid4().hex if key is None else hashlib.sha256(f"{owner}\0{key}".encode()).hexdigest()[:32]
        about = {"owner": owner, "created": time.time(), "fingerprint": _fingerprint(task, hook), "hook": hook}
        new = self.shelf.add(name, about, task, self.queue.executor, room)
        if not new:
            known = self.shelf.job(name)
            if known is not None and known["fingerprint"] != about["fingerprint"]:
                raise KeyReused("this idempotency key came with another request", "use a new key for a new request")
        if self.shelf.finished_at(name) is None:
            try:
                self.queue.add(JOBS, name)
            except QueueDown:
                if new:  # nothing was promised
                    self.shelf.erase(name)
                raise
        return name

    def status(self, name: str, owner: str) -> Status | None:
        """How a job is doing; None when there is none of that name."""
        job = self.shelf.job(name) if name.isalnum() else None
        if job is None or job["owner"] != owner:
            return None
        outcome, losses = self.shelf.outcome(name), self.shelf.losses(name)
        state = outcome["state"] if outcome else self.queue.state(JOBS, name) or WAITING
        share = 1.0 if outcome else self.shelf.share(name) if state == RUNNING else 0.0
        attempts = losses["workers"] + losses["begun"]
        return Status(name, state, job["created"], attempts, outcome or {}, job["hook"], share)

    def list(self, owner: str, most: int = 100) -> list[Status]:
        """The owner's jobs, newest first."""
        found = [s for n in self.shelf.names() if (s := self.status(n, owner)) is not None]
        return sorted(found, key=lambda s: -s.created)[:most]

    def result(self, name: str, owner: str) -> tuple[dict[str, Any], bytes] | None:
        """What is known of a done job's result, and its bytes; None when there is none."""
        status = self.status(name, owner)
        if status is None or status.state != DONE:
            return None
        body = self.shelf.result(name, status.outcome["stored_as"])
        return None if body is None else (status.outcome, body)

    def cancel(self, name: str, owner: str) -> Status | None:
        """Stop a job that is not over; how it is now."""
        if self.status(name, owner) is None:
            return None
        if self.shelf.finish(name, {"state": CANCELLED, "finished": time.time()}):
            self.doer.drop(name)
        return self.status(name, owner)

    def erase(self, name: str, owner: str) -> bool:
        """Stop a job, and leave nothing of it; False when there is none."""
        if self.status(name, owner) is None:
            return False
        return self._erase(name)

    def sweep(self, now: float | None = None) -> int:
        """Erase what was finished longer ago than it is kept; how many."""
        old = (time.time() if now is None else now) - self.keep
        found = [n for n in self.shelf.names() if (at := self.shelf.finished_at(n)) is not None and at <= old]
        return sum(map(self._erase, found))

    def beat(self) -> Sequence[str]:
        """Give a sign of life, and take over what machines had in hand that give none; their names."""
        self.machines.beat()
        dead = self.machines.silent()
        for name in dead:
            self.queue.adopt(name)
            self.shelf.prepare(name)
            self.machines.bury(name)
        return dead

    def _erase(self, name: str) -> bool:
        erased = self.shelf.erase(name)
        self.doer.drop(name)
        self.queue.remove(JOBS, [name])
        self.queue.remove(HOOKS, [name])
        return erased

    def _run(self, name: str) -> None:
        """Bring a job to its outcome, and see that its end is told. CancelledError when handed back."""
        self._working.add(name)
        try:
            self._brought_to_its_end(name)
            job = self.shelf.job(name)
            if job is not None and job["hook"]:
                self.queue.add(HOOKS, name)
        finally:
            self._working.discard(name)

    def _brought_to_its_end(self, name: str) -> None:
        """Without an outcome it comes back only when the job is erased."""
        while self.shelf.finished_at(name) is None and (task := self.shelf.task(name)) is not None:
            if self._leaving.is_set():
                self._working.discard(name)
                self._hand_back()
            try:
                if not self._poisoned(name):
                    self._attempt(name, task)
            except NoRoom:
                self._leaving.wait(NO_ROOM_PAUSE)
            except CancelledError:
                continue  # erased or cancelled, or handed back

    def _attempt(self, name: str, task: bytes) -> None:
        losses = self.shelf.losses(name)
        self.shelf.set_losses(name, losses | {"begun": losses["begun"] + 1})
        self.shelf.set_share(name, 0.0)
        try:
            told, body = self.doer.do(name, task, partial(self.shelf.set_share, name))
            self._finish(name, DONE, told, body)
        except Lost:
            losses["workers"] += 1
            self.shelf.set_losses(name, losses)
            if losses["workers"] < MOST_WORKERS:
                self._leaving.wait(PAUSE * losses["workers"])
            return
        except Failed as failed:
            self._finish(name, FAILED, {"error": failed.told})
        except (NoRoom, CancelledError):
            self.shelf.set_losses(name, losses)
            raise
        except Exception as error:  # noqa: BLE001  the boundary: everything else is our own mistake
            self._finish(name, FAILED, {"error": INTERNAL | {"problem": f"internal error ({type(error).__name__})"}})

    def _poisoned(self, name: str) -> bool:
        losses = self.shelf.losses(name)
        if losses["workers"] < MOST_WORKERS and losses["begun"] < MOST_SERVERS:
            return False
        self._finish(name, FAILED, {"error": POISONED})
        return True

    def _finish(self, name: str, state: str, told: dict[str, Any], body: bytes | None = None) -> None:
        self.shelf.finish(name, {"state": state, "finished": time.time(), **told}, body)

    def _hook(self, name: str) -> None:
        job = self.shelf.job(name)
        status = self.status(name, job["owner"]) if job else None
        if status is not None and self._tell is not None:
            self._tell(status)


def _fingerprint(task: bytes, hook: str | None) -> str:
    return hashlib.sha256(json.dumps([hook, hashlib.sha256(task).hexdigest()]).encode()).hexdigest()
