"""The server's log: JSON, a line for each thing that happened, on standard error. Holds routes and numbers; no path, no
name, no address, nothing that anybody sent.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOG_FORMATS = ("none", "json")


class EventLog:
    """Tells what happened, or with the kind "none" only errors."""

    def __init__(self, kind: str) -> None:
        self.is_enabled = kind != "none"
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it quotes what was sent

    def log_event(self, event: str, level: str = "info", **fields: Any) -> None:
        """One line, with the time; errors are told in any case."""
        if not self.is_enabled and level != "error":
            return
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        sys.stderr.write(json.dumps({"time": when, "level": level, "event": event, **fields}) + "\n")
        sys.stderr.flush()
