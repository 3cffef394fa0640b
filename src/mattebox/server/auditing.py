"""The server's audit log: each picture, download and erasure, by the key's id and the contents' hashes.

An entry is on disk before its response is sent; where it cannot be written, the request fails.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from mattebox.errors import MatteboxError
from mattebox.io.audit_log import AuditEvent, AuditLog
from mattebox.server.auth import AccessControl
from mattebox.server.http.problems import Problem
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import DEPTH_KEY, HASHES_KEY, WorkerTask

NO_KEY_ACTOR = "key:none"  # where the server asks for none
NO_HASHES = ("", "")

Hashes = tuple[str, str]
"""SHA-256 of what came and of what goes; "" for none."""


class Auditor:
    """Records what was done for whom; does nothing where the settings name no file."""

    def __init__(self, settings: Settings, access: AccessControl) -> None:
        self._log = AuditLog(Path(settings.audit).expanduser().absolute()) if settings.audit else None
        self._access = access

    async def record(self, caller: str, action: str, hashes: Hashes = NO_HASHES) -> None:
        """Record what was done, off the event loop. Problem 503 where it cannot be written."""
        if self._log is not None:
            await asyncio.to_thread(self._append, caller, action, "ok", hashes)

    async def record_task(self, caller: str, task: WorkerTask, outcome: str, hashes: Hashes = NO_HASHES) -> None:
        """Record a task, off the event loop; `outcome` is "ok" or an error's code. Problem 503 as for `record`."""
        if self._log is not None:
            await asyncio.to_thread(self.record_task_now, caller, task, outcome, hashes)

    def record_task_now(self, caller: str, task: WorkerTask, outcome: str, hashes: Hashes = NO_HASHES) -> None:
        """Record a task in this thread. Problem 503 as for `record`."""
        if self._log is not None:
            steps = (step["step"] for step in task.header["recipe"]["steps"])
            action = "depth" if DEPTH_KEY in task.header else "+".join(steps)
            self._append(caller, action, outcome, hashes)

    def _append(self, caller: str, action: str, outcome: str, hashes: Hashes) -> None:
        assert self._log is not None
        key = self._access.keys.get(caller)
        try:
            self._log.append(AuditEvent(f"key:{key.id}" if key else NO_KEY_ACTOR, action, outcome, *hashes))
        except MatteboxError as error:
            problem = "the audit log cannot be written, so nothing is done"
            raise Problem(503, "no_audit", problem, "tell the operator", {"Retry-After": "60"}) from error


def take_hashes(header: dict[str, Any]) -> tuple[dict[str, Any], Hashes]:
    """A response's header without the hashes in it, and these."""
    received, sent = header.get(HASHES_KEY, NO_HASHES)
    return {name: value for name, value in header.items() if name != HASHES_KEY}, (received, sent)
