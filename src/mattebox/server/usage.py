"""Usage of each caller by month: pictures, megapixels and seconds of work, in SQLite.

Each machine writes a file of its own; queries add up all files of the folder. Callers are the hashes of their keys.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mattebox.errors import InputMissing, InputUnreadable

CREATE_TABLE_SQL = """
CREATE TABLE IF NOT EXISTS usage (
    caller TEXT, month TEXT, pictures INTEGER, megapixels REAL, seconds REAL, PRIMARY KEY (caller, month)
)"""
UPSERT_SQL = """
INSERT INTO usage VALUES (?, ?, 1, ?, ?)
ON CONFLICT (caller, month) DO UPDATE SET
    pictures = pictures + 1, megapixels = megapixels + excluded.megapixels, seconds = seconds + excluded.seconds"""


@dataclass(frozen=True)
class MonthlyUsage:
    """Usage of one caller in one month (YYYY-MM)."""

    caller: str
    month: str
    pictures: int = 0
    megapixels: float = 0.0
    seconds: float = 0.0


class UsageStore:
    """Monthly usage of all callers, in a SQLite file; without a path, in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._pending_rows: list[tuple[str, str, float, float]] = []  # not yet written, because the disk is full

    @property
    def is_in_memory(self) -> bool:
        """Whether counting needs no disk."""
        return self._path is None

    def add_picture(self, caller: str, pixels: int, seconds: float, month: str | None = None) -> None:
        """Count a finished picture; when the disk is full, it is written with the next one."""
        with self._lock:
            self._pending_rows.append((caller, month or current_month(), pixels / 1e6, seconds))
            with contextlib.suppress(sqlite3.OperationalError):
                while self._pending_rows:
                    self._connect().execute(UPSERT_SQL, self._pending_rows[0]).close()
                    self._pending_rows.pop(0)

    def caller_month(self, caller: str, month: str | None = None) -> MonthlyUsage:
        """A caller's usage in a month, by default the current one."""
        months = self._select("WHERE caller = ? AND month = ?", caller, month or current_month())
        return months[0] if months else MonthlyUsage(caller, month or current_month())

    def caller_months(self, caller: str) -> list[MonthlyUsage]:
        """All months of a caller, newest first."""
        return self._select("WHERE caller = ?", caller)

    def all_months(self) -> list[MonthlyUsage]:
        """All months of all callers, newest first."""
        return self._select("")

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @property
    def _other_files(self) -> list[Path]:
        """Files of other machines, or of other roles on this one."""
        if self._path is None:
            return []
        return [p for p in sorted(self._path.parent.glob("usage-*.sqlite")) if p != self._path]

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._path or ":memory:", check_same_thread=False, isolation_level=None, timeout=10
            )
            # Unlike WAL, this journal lets other machines read the file on a network disk.
            self._connection.execute("PRAGMA journal_mode=DELETE").close()
            self._connection.execute(CREATE_TABLE_SQL).close()
        return self._connection

    def _select(self, where: str, *values: str) -> list[MonthlyUsage]:
        with self._lock:
            rows = _fetch_rows(self._connect(), where, values)
            for path in self._other_files:
                with contextlib.suppress(sqlite3.Error):
                    rows += _read_rows(path, where, values)
        return _merge_rows(rows)


def read_usage(folder: Path) -> list[MonthlyUsage]:
    """Monthly usage of all callers that a server's folder holds, newest first, without changing anything.

    Parameters
    ----------
    folder : Path
        The server's folder of data.

    Raises
    ------
    InputMissing
        No server with keys has written its usage there.
    InputUnreadable
        A file of it is damaged.
    """
    paths = sorted(folder.glob("usage-*.sqlite"))
    if not paths:
        raise InputMissing(f"{folder}: holds no usage", "give the folder of data of a server that has keys")
    rows = []
    for path in paths:
        try:
            rows += _read_rows(path, "", ())
        except sqlite3.Error as error:
            raise InputUnreadable(f"{path}: cannot be read ({error})", "restore it from a backup") from error
    return _merge_rows(rows)


def _read_rows(path: Path, where: str, values: tuple[str, ...]) -> list[MonthlyUsage]:
    """Rows of another process's file. sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return _fetch_rows(connection, where, values)


def _fetch_rows(connection: sqlite3.Connection, where: str, values: tuple[str, ...]) -> list[MonthlyUsage]:
    with closing(connection.execute(f"SELECT * FROM usage {where}", values)) as rows:
        return [MonthlyUsage(*row) for row in rows]


def _merge_rows(rows: list[MonthlyUsage]) -> list[MonthlyUsage]:
    """Sums by caller and month, newest first."""
    totals: dict[tuple[str, str], MonthlyUsage] = {}
    for row in rows:
        total = totals.get((row.month, row.caller), MonthlyUsage(row.caller, row.month))
        totals[row.month, row.caller] = MonthlyUsage(
            row.caller,
            row.month,
            total.pictures + row.pictures,
            round(total.megapixels + row.megapixels, 3),
            round(total.seconds + row.seconds, 3),
        )
    return [totals[key] for key in sorted(totals, reverse=True)]


def current_month() -> str:
    """The current month in UTC, as YYYY-MM."""
    return datetime.now(UTC).strftime("%Y-%m")
