"""Background jobs on a server."""

from __future__ import annotations

import time
from dataclasses import dataclass

from mattebox.client.awaitables import run_in_thread
from mattebox.client.connection import Connection
from mattebox.client.results import JsonObject, ServerResult, parse_result
from mattebox.errors import MatteboxError


@dataclass(frozen=True)
class ServerJob:
    """A background job on a server."""

    connection: Connection
    id: str

    def status(self) -> JsonObject:
        """Its `state`, `progress` (0 to 1), `attempts`, `error`, ... MatteboxError when it no longer exists."""
        return self.connection.request("GET", f"/v1/jobs/{self.id}").json()

    def wait(self, max_wait_seconds: float | None = None) -> JsonObject:
        """Wait for its end, without limit unless given; its last status, which says of an `output_object` in `made`
        where it is and its SHA-256. MatteboxError when it takes longer."""
        end = None if max_wait_seconds is None else time.monotonic() + max_wait_seconds
        pause = 0.05
        while (status := self.status())["state"] in ("queued", "running"):
            if end is not None and time.monotonic() + pause > end:
                raise MatteboxError("the job is not done yet", "ask again later")
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)
        return status

    def result(self, max_wait_seconds: float | None = None) -> ServerResult:
        """Wait for its picture, without limit unless given. Raises the error of a job that failed, and MatteboxError
        where the picture is an `output_object`."""
        self.wait(max_wait_seconds)
        return parse_result(self.connection.request("GET", f"/v1/jobs/{self.id}/result"))

    aresult = run_in_thread(result)

    def cancel(self) -> None:
        """Stop it, if it has not ended."""
        self.connection.request("POST", f"/v1/jobs/{self.id}:cancel")

    def erase(self) -> None:
        """Stop it if necessary, and delete its files."""
        self.connection.request("DELETE", f"/v1/jobs/{self.id}")
