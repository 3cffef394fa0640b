"""Which machines on one queue are alive: each touches a file of its name in the folder they share.

Times are the folder's own, so that the machines' clocks do not matter. Knows nothing of jobs.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

HEARTBEAT_SECONDS = 5.0  # seconds between signs of life
HEARTBEAT_TIMEOUT_SECONDS = 30.0  # after which a machine is taken for dead


@dataclass(frozen=True)
class Heartbeats:
    """This machine among those of `folder`."""

    folder: Path
    machine: str

    def send(self) -> None:
        """Give a sign of life."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / self.machine).write_bytes(b"")  # not touch(): the file system's clock, not ours

    def dead_machines(self) -> list[str]:
        """The others that have been silent for too long, or not yet buried."""
        with contextlib.suppress(OSError):
            now = (self.folder / self.machine).stat().st_mtime
            others = [p for p in self.folder.iterdir() if p.name != self.machine]
            return [p.name for p in others if now - p.stat().st_mtime > HEARTBEAT_TIMEOUT_SECONDS]
        return []

    def forget(self, machine: str) -> None:
        """Forget a machine until it gives a sign again."""
        (self.folder / machine).unlink(missing_ok=True)
