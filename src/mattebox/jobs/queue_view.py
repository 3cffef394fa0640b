"""A view of the queue in Postgres, for autoscalers, dashboards and metrics: `queue_view.sql`."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

import psycopg

from mattebox.errors import MatteboxError

LOCK_NUMBER = 0x6D617474  # of the advisory lock under which servers that start at once create the view
CONNECT_TIMEOUT_SECONDS = 5
READ_QUERY = "SELECT queue, waiting, running, oldest_seconds FROM mattebox.queue"


class QueueDepth(NamedTuple):
    """What waits and runs in a queue, and for how many seconds the oldest has waited."""

    waiting: int
    running: int
    oldest_seconds: float


def create_queue_view(database: str) -> None:
    """Create the view, or bring it up to date. MatteboxError."""
    statements = (files("mattebox.jobs") / "queue_view.sql").read_text()
    try:
        with psycopg.connect(database, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_NUMBER])
            connection.execute(statements.encode())
    except psycopg.Error as error:
        raise MatteboxError(
            f"the view mattebox.queue cannot be made ({type(error).__name__})",
            "let the database's user create a schema, or run jobs/queue_view.sql as its owner",
        ) from error


def read_queue_depths(database: str) -> dict[str, QueueDepth]:
    """The depth of each queue. MatteboxError where the database does not answer."""
    try:
        with psycopg.connect(database, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            rows = connection.execute(READ_QUERY).fetchall()
    except psycopg.Error as error:
        raise MatteboxError(f"the queue cannot be read ({type(error).__name__})", "see to its database") from error
    return {name: QueueDepth(waiting, running, float(seconds)) for name, waiting, running, seconds in rows}
