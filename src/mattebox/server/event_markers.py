"""Which announcements of shops were acted on: an empty file for each in a folder that all servers share."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from mattebox.server.content_buffer import BufferUnavailable


@dataclass(frozen=True)
class EventMarkers:
    """The markers in `folder`, each for `keep_seconds`."""

    folder: Path
    keep_seconds: float

    def is_marked(self, event: str) -> bool:
        """Whether an event was acted on."""
        return self._path(event).exists()

    def mark(self, event: str) -> None:
        """Remember an event, and forget old ones. BufferUnavailable."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path(event).touch()
        except OSError as error:
            raise BufferUnavailable(f"the disk takes no note ({error.strerror})", "free some space") from error
        for path in os.scandir(self.folder):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > self.keep_seconds:
                    os.unlink(path)

    def _path(self, event: str) -> Path:
        return self.folder / hashlib.sha256(event.encode()).hexdigest()
