"""Event log of the server: JSON lines on standard error, with routes and numbers but nothing that a client sent."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOG_FORMATS = ("none", "json")


class EventLog:
    """Writes events as JSON lines; with the format "none", only errors."""

    def __init__(self, log_format: str) -> None:
        self.is_enabled = log_format != "none"
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it would quote the request

    def log_event(self, event: str, level: str = "info", **fields: Any) -> None:
        """Write one event with its time. Errors are written even when the log is off."""
        if not self.is_enabled and level != "error":
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        sys.stderr.write(json.dumps({"time": time, "level": level, "event": event, **fields}) + "\n")
        sys.stderr.flush()
