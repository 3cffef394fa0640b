"""Event log of the server: JSON lines on standard error, with routes and numbers but nothing that a client sent.

With the format "json", what libraries log becomes such lines, too: where it was logged, but not its text, which may
quote a request.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from traceback import format_tb
from typing import Any

LOG_FORMATS = ("none", "json")
CONSTANT_TEXT_LOGGERS = ("uvicorn",)  # their messages, before arguments are filled in, quote nothing


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

    def log_exception(self, error: BaseException, **fields: Any) -> None:
        """Write where an exception was raised, without its message."""
        self.log_event(
            "internal error", "error", kind=type(error).__name__, trace=format_tb(error.__traceback__), **fields
        )

    def capture_library_logs(self) -> None:
        """From now on write what this process's libraries log, warn of or raise in threads as events of this log."""
        if not self.is_enabled:
            return
        logging.captureWarnings(True)
        for name in [None, *logging.root.manager.loggerDict]:  # also those that have handlers of their own
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [], True
        logging.getLogger().addHandler(_EventHandler(self))
        threading.excepthook = self._log_thread_exception

    def _log_thread_exception(self, raised: threading.ExceptHookArgs) -> None:
        if raised.exc_value is not None:
            self.log_exception(raised.exc_value, thread=raised.thread.name if raised.thread else "")


class _EventHandler(logging.Handler):
    """Handler of the root logger that writes log records as events."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        fields: dict[str, Any] = {"logger": record.name, "place": f"{record.module}:{record.lineno}"}
        if record.name.split(".")[0] in CONSTANT_TEXT_LOGGERS:
            fields["message"] = str(record.msg)
        if record.exc_info and record.exc_info[1] is not None:
            self._log.log_exception(record.exc_info[1], **fields)
        else:
            self._log.log_event("library log", level, **fields)
