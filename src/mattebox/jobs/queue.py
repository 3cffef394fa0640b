"""Whose turn it is, remembered through crashes: DBOS, on SQLite in one file or on Postgres for several machines.

A row holds a job's random name and times, nothing that anyone sent. What was running when a process died is given out
again when a process of the same name starts, or another adopts it. DBOS keeps one instance in a process, so there is
one Queue in a process. Knows nothing of what a job is.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat

from mattebox.errors import MatteboxError

Handler = Callable[[str], None]
"""Does what a name stands for, in a thread of its own. It must end without an error."""

APPLICATION_VERSION = "1"  # of what lies in the rows: a later mattebox goes on with them as long as this stays
POLL_SECONDS = 0.1  # seconds between looks
WAITING, RUNNING = "queued", "running"
STATE_BY_DBOS_STATUS = {"ENQUEUED": WAITING, "DELAYED": WAITING, "PENDING": RUNNING}

_handlers: dict[str, Handler] = {}  # by queue; DBOS calls functions of modules, not of objects


class QueueUnavailable(MatteboxError):
    """The database does not take what is queued: full, or away."""


class JobQueue:
    """Named queues, each with its work. `database`: a folder for SQLite's file, or a postgresql:// address."""

    def __init__(self, database: str, executor: str = "local") -> None:
        self._database_url = database if "://" in database else f"sqlite:///{Path(database) / 'queue.sqlite'}"
        self.executor = executor
        self._running_items: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def start(self, handlers: dict[str, tuple[Handler, int]], is_consumer: bool = True) -> None:
        """Begin: queue -> its work and how many at once. What a crash left goes first; one that takes nothing
        leaves all to others. MatteboxError."""
        if _handlers:
            raise MatteboxError("this process has a queue already", "start one server in a process")
        _handlers.update({name: self._track_running(name, each) for name, (each, _) in handlers.items()})
        config: DBOSConfig = {
            "name": "mattebox",
            "system_database_url": self._database_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self.executor,
            "log_level": "CRITICAL",
            "use_listen_notify": False,
        }
        if self._database_url.startswith("sqlite"):
            config["db_engine_kwargs"] = {"connect_args": {"factory": _SecureDeleteConnection}}
        try:
            DBOS(config=config)
            logging.getLogger("dbos").setLevel(logging.CRITICAL)  # its lines name workflows and hold tracebacks
            if not is_consumer:
                DBOS.listen_queues([])
            DBOS.launch()
            for name, (_, at_once) in handlers.items() if is_consumer else ():
                DBOS.register_queue(
                    name, worker_concurrency=at_once, polling_interval_sec=POLL_SECONDS, on_conflict="always_update"
                )
        except Exception as error:
            self.stop()
            raise MatteboxError(
                f"the jobs' database does not open ({type(error).__name__})", "check its folder or address"
            ) from error

    def stop(self) -> None:
        """Give out nothing more, and hand what runs back to whoever is next."""
        DBOS.destroy(workflow_completion_timeout_sec=0)
        _handlers.clear()
        if not self._running_items:
            return
        client = DBOSClient(system_database_url=self._database_url)
        try:
            rows = {_workflow_id(queue, name): queue for queue, name in list(self._running_items)}
            for row in client.list_workflows(workflow_ids=list(rows), load_input=False, load_output=False):
                client.resume_workflow(row.workflow_id, queue_name=rows[row.workflow_id])  # others were removed
        finally:
            client.destroy()

    def add(self, queue: str, name: str) -> None:
        """Queue a name, durably; once, however often it is added. QueueDown."""
        try:
            with SetWorkflowID(_workflow_id(queue, name)):
                DBOS.enqueue_workflow(queue, _run_item, queue, name)
        except Exception as error:  # of the database's driver, whichever it is
            raise QueueUnavailable(
                "the jobs' queue takes nothing", "free some space, or see to its database"
            ) from error

    def state(self, queue: str, name: str) -> str | None:
        """WAITING or RUNNING; None when it is neither, or the queue stopped."""
        if not _handlers:
            return None
        row = DBOS.get_workflow_status(_workflow_id(queue, name))
        return STATE_BY_DBOS_STATUS.get(row.status) if row else None

    def adopt(self, executor: str) -> None:
        """Queue again what a dead process of that name had in hand. One that lives after all does no harm by it but
        work done twice."""
        for row in DBOS.list_workflows(executor_id=executor, status="PENDING", load_input=False, load_output=False):
            if row.queue_name:
                DBOS.resume_workflow(row.workflow_id, queue_name=row.queue_name)

    def remove(self, queue: str, names: Iterable[str]) -> None:
        """Forget names, with their rows."""
        rows = [_workflow_id(queue, name) for name in names]
        if rows:
            DBOS.cancel_workflows(rows)
            DBOS.delete_workflows(rows)

    def _track_running(self, queue: str, handler: Handler) -> Handler:
        def do(name: str) -> None:
            with self._lock:
                self._running_items[queue, name] = None
            try:
                handler(name)
            finally:
                with self._lock:
                    self._running_items.pop((queue, name), None)

        return do


@DBOS.workflow(
    name="mattebox.turn", max_recovery_attempts=None, serialization_type=WorkflowSerializationFormat.PORTABLE
)
def _run_item(queue: str, name: str) -> None:
    _handlers[queue](name)


def _workflow_id(queue: str, name: str) -> str:
    return f"{queue}-{name}"


class _SecureDeleteConnection(sqlite3.Connection):
    """A connection that overwrites what it deletes, and lets readers read while one writes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for line in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self.execute(f"PRAGMA {line}").close()
