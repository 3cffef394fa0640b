"""What each caller used in each month: pictures, megapixels, seconds of work. Counts only, kept in one SQLite file.

Callers are the hashes of their keys. Knows nothing of HTTP, nor what is allowed.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TABLE = """CREATE TABLE IF NOT EXISTS usage (caller TEXT, month TEXT, pictures INTEGER, megapixels REAL, seconds REAL,
PRIMARY KEY (caller, month))"""
ADD = """INSERT INTO usage VALUES (?, ?, 1, ?, ?) ON CONFLICT (caller, month) DO UPDATE SET pictures = pictures + 1,
megapixels = megapixels + excluded.megapixels, seconds = seconds + excluded.seconds"""


@dataclass(frozen=True)
class Used:
    """One caller's month."""

    caller: str
    month: str
    pictures: int = 0
    megapixels: float = 0.0
    seconds: float = 0.0


class Usage:
    """The counts. Without a path they last as long as the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._base: sqlite3.Connection | None = None
        self._waiting: list[tuple[str, str, float, float]] = []  # what a full disk did not take yet

    def add(self, caller: str, pixels: int, seconds: float, month: str | None = None) -> None:
        """Count a picture that was made; what the disk does not take now is counted in with the next."""
        with self._lock:
            self._waiting.append((caller, month or this_month(), pixels / 1e6, seconds))
            with contextlib.suppress(sqlite3.OperationalError):
                while self._waiting:
                    self._opened().execute(ADD, self._waiting[0]).close()
                    self._waiting.pop(0)

    def month(self, caller: str, month: str | None = None) -> Used:
        """A caller's month, this one unless told."""
        found = self._select("WHERE caller = ? AND month = ?", caller, month or this_month())
        return found[0] if found else Used(caller, month or this_month())

    def of(self, caller: str) -> list[Used]:
        """All months of a caller, newest first."""
        return self._select("WHERE caller = ? ORDER BY month DESC", caller)

    def all(self) -> list[Used]:
        """All months of all callers, newest first."""
        return self._select("ORDER BY month DESC, caller")

    def close(self) -> None:
        with self._lock:
            if self._base is not None:
                self._base.close()
                self._base = None

    def _opened(self) -> sqlite3.Connection:
        if self._base is None:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(
                self._path or ":memory:", check_same_thread=False, isolation_level=None, timeout=10
            )
            self._base.execute("PRAGMA journal_mode=WAL").close()
            self._base.execute(TABLE).close()
        return self._base

    def _select(self, where: str, *values: str) -> list[Used]:
        with self._lock, closing(self._opened().execute(f"SELECT * FROM usage {where}", values)) as rows:
            return [Used(c, m, p, round(x, 3), round(s, 3)) for c, m, p, x, s in rows]


def this_month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")
