"""Heartbeats of the machines on one queue: each rewrites a file with its name in a shared folder.

Times are those of the file system, so that the machines' clocks do not matter.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

HEARTBEAT_SECONDS = 5.0  # between two heartbeats
HEARTBEAT_TIMEOUT_SECONDS = 30.0  # without one, a machine counts as dead


@dataclass(frozen=True)
class Heartbeats:
    """The heartbeats in `folder`, and this machine's name among them."""

    folder: Path
    machine: str

    def send(self) -> None:
        """Send a heartbeat."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / self.machine).write_bytes(b"")  # touch() would use the clock of this machine

    def dead_machines(self) -> list[str]:
        """Other machines without a recent heartbeat, unless forgotten."""
        with contextlib.suppress(OSError):
            now = (self.folder / self.machine).stat().st_mtime
            others = [p for p in self.folder.iterdir() if p.name != self.machine]
            return [p.name for p in others if now - p.stat().st_mtime > HEARTBEAT_TIMEOUT_SECONDS]
        return []

    def forget(self, machine: str) -> None:
        """Forget a machine until its next heartbeat."""
        (self.folder / machine).unlink(missing_ok=True)
