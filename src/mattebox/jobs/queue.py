"""Durable queue on DBOS, with SQLite for one machine or Postgres for several.

A row holds an item's random name and times, nothing that a client sent. Items that were running when a process died
are queued again when a process with the same machine name starts or another one adopts them. DBOS allows one instance
per process, hence one JobQueue per process.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from dbos import DBOS, DBOSClient, DBOSConfig, SetEnqueueOptions, SetWorkflowID, WorkflowSerializationFormat

from mattebox.errors import MatteboxError
from mattebox.jobs.queue_view import create_queue_view

Handler = Callable[[str], None]
"""Processes the item with this name, in a thread of its own. It must not raise an exception, but CancelledError."""


class QueueHandler(NamedTuple):
    """A queue's handler, how many items it processes at a time, how many of one partition, and how many times longer
    than others it is left alone between polls."""

    process: Handler
    max_concurrent: int
    max_per_partition: int | None = None
    poll_factor: float = 1.0


APPLICATION_VERSION = "1"  # of the rows' format: later releases resume them as long as it stays
# Between polls: many machines ask one Postgres; on SQLite, each takes 3 ms of the process that serves requests, too.
SQLITE_POLL_SECONDS, POSTGRES_POLL_SECONDS = 0.25, 0.5
WAITING, RUNNING = "queued", "running"
STATE_BY_DBOS_STATUS = {"ENQUEUED": WAITING, "DELAYED": WAITING, "PENDING": RUNNING}

_handlers: dict[str, Handler] = {}  # by queue; global, because DBOS calls functions of modules, not methods


class QueueUnavailable(MatteboxError):
    """The database is full or unreachable."""

    code = "queue_down"


class JobQueue:
    """Named queues with a handler each.

    Parameters
    ----------
    database
        A folder for SQLite's file, or a postgresql:// address.
    machine
        Name of this machine among those on one database, the same after a restart.
    """

    def __init__(self, database: str, machine: str = "local") -> None:
        self._database_url = database if "://" in database else f"sqlite:///{Path(database) / 'queue.sqlite'}"
        self.database = database if "://" in database and not database.startswith("sqlite") else None
        self.machine = machine
        self._running_items: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def start(self, handlers: dict[str, QueueHandler], is_consumer: bool = True) -> None:
        """Start processing; items that a crash left come first.

        Parameters
        ----------
        handlers
            Of each queue, by its name.
        is_consumer
            False to only add items, for other machines to process.

        Raises
        ------
        MatteboxError
            The database does not open, or this process has a queue already.
        """
        if _handlers:
            raise MatteboxError("this process has a queue already", "start one server in a process")
        _handlers.update({name: self._track_running(name, handler.process) for name, handler in handlers.items()})
        config: DBOSConfig = {
            "name": "mattebox",
            "system_database_url": self._database_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self.machine,
            "log_level": "CRITICAL",
            "use_listen_notify": False,
        }
        if self._database_url.startswith("sqlite"):
            config["db_engine_kwargs"] = {"connect_args": {"factory": _SecureDeleteConnection}}
        poll_seconds = SQLITE_POLL_SECONDS if self.database is None else POSTGRES_POLL_SECONDS
        try:
            DBOS(config=config)
            logging.getLogger("dbos").setLevel(logging.CRITICAL)  # its messages hold names and tracebacks
            if not is_consumer:
                DBOS.listen_queues([])
            DBOS.launch()
            for name, handler in handlers.items() if is_consumer else ():
                DBOS.register_queue(
                    name,
                    worker_concurrency=handler.max_concurrent,
                    partition_worker_concurrency=handler.max_per_partition,
                    polling_interval_sec=poll_seconds * handler.poll_factor,
                    on_conflict="always_update",
                )
            if self.database is not None:
                create_queue_view(self.database)
        except Exception as error:
            self.stop()
            raise MatteboxError(
                f"the jobs' database does not open ({type(error).__name__})", "check its folder or address"
            ) from error

    def stop(self) -> None:
        """Start no more items, and queue the running ones again for the next process."""
        DBOS.destroy(workflow_completion_timeout_sec=0)
        _handlers.clear()
        if not self._running_items:
            return
        client = DBOSClient(system_database_url=self._database_url)
        try:
            queues = {_workflow_id(queue, name): queue for queue, name in list(self._running_items)}
            # Only those that are listed: others were removed meanwhile.
            for row in client.list_workflows(workflow_ids=list(queues), load_input=False, load_output=False):
                client.resume_workflow(row.workflow_id, queue_name=queues[row.workflow_id])
        finally:
            client.destroy()

    def add(
        self,
        queue: str,
        name: str,
        *,
        turn: int | None = None,
        partition: str | None = None,
        delay_seconds: float | None = None,
    ) -> None:
        """Queue an item durably; once, however often it is added.

        Parameters
        ----------
        queue, name
            The queue, and the item's name in it.
        turn
            Items with a smaller one go first, those of the same in the order in which they were added.
        partition
            Its share of a queue that has `max_per_partition`.
        delay_seconds
            Process it so much later.

        Raises
        ------
        QueueUnavailable
            The database does not take it.
        """
        options = SetEnqueueOptions(priority=turn, queue_partition_key=partition, delay_seconds=delay_seconds)
        try:
            with SetWorkflowID(_workflow_id(queue, name)), options:
                DBOS.enqueue_workflow(queue, _run_item, queue, name)
        except Exception as error:  # of the database's driver, whichever it is
            raise QueueUnavailable(
                "the jobs' queue takes nothing", "free some space, or see to its database"
            ) from error

    def state(self, queue: str, name: str) -> str | None:
        """WAITING or RUNNING; None for neither, or when the queue is stopped."""
        if not _handlers:
            return None
        row = DBOS.get_workflow_status(_workflow_id(queue, name))
        return STATE_BY_DBOS_STATUS.get(row.status) if row else None

    def adopt(self, machine: str) -> None:
        """Queue the running items of a dead machine again. If it is alive after all, they are only processed twice."""
        for row in DBOS.list_workflows(executor_id=machine, status="PENDING", load_input=False, load_output=False):
            if row.queue_name:
                DBOS.resume_workflow(row.workflow_id, queue_name=row.queue_name)

    def remove(self, queue: str, names: Iterable[str]) -> None:
        """Cancel items and delete their rows. QueueUnavailable."""
        rows = [_workflow_id(queue, name) for name in names]
        try:
            if rows:
                DBOS.cancel_workflows(rows)
                DBOS.delete_workflows(rows)
        except Exception as error:  # of the database's driver, whichever it is
            raise QueueUnavailable("the jobs' queue cannot be changed", "free some space") from error

    def _track_running(self, queue: str, handler: Handler) -> Handler:
        def run_handler(name: str) -> None:
            with self._lock:
                self._running_items[queue, name] = None
            try:
                handler(name)
            finally:
                with self._lock:
                    self._running_items.pop((queue, name), None)

        return run_handler


@DBOS.workflow(
    name="mattebox.turn", max_recovery_attempts=None, serialization_type=WorkflowSerializationFormat.PORTABLE
)
def _run_item(queue: str, name: str) -> None:
    _handlers[queue](name)


def _workflow_id(queue: str, name: str) -> str:
    return f"{queue}-{name}"


class _SecureDeleteConnection(sqlite3.Connection):
    """A SQLite connection that overwrites deleted content (secure_delete) and writes a WAL."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self.execute(f"PRAGMA {pragma}").close()
