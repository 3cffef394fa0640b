"""Audit log: who did what when, to which content; append-only JSON lines, chained by hashes.

A line holds the hash of the one before it, and its own, so that a line that is changed, taken out or put in shows. What
is cut off at the end shows only to who noted the last hash elsewhere. No picture, no name of a file and no text of a
user is written: contents are named by their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mattebox.core.file_lock import hold_lock
from mattebox.errors import InputMissing
from mattebox.io.atomic_write import output_error

FIRST_HASH = "0" * 64  # what the first line has for the hash of the one before it
TAIL_BYTES = 65_536  # of the file's end, in which its last line lies
LOCK_SUFFIX = ".lock"
HASH_FIELD, PREVIOUS_FIELD = "hash", "previous"


@dataclass(frozen=True)
class AuditEvent:
    """What is recorded.

    Attributes
    ----------
    actor : str
        Who: the id of a key (`key:ID`), or a user of this machine (`user:NAME`).
    action : str
        What: the steps of a recipe (`anonymise+save`), or `erase`, `download` ...
    outcome : str
        `ok`, or the code of an error.
    input, output : str
        SHA-256 of what came and of what went; "" where there was none.
    """

    actor: str
    action: str
    outcome: str = "ok"
    input: str = ""
    output: str = ""


@dataclass(frozen=True)
class AuditVerdict:
    """What is true of a log.

    Attributes
    ----------
    entries : int
        Lines up to the first fault.
    head : str
        Hash of the last of them.
    fault : str
        What is wrong, "" if nothing is.
    """

    entries: int
    head: str
    fault: str = ""


class AuditLog:
    """A log to append to. Several threads and processes may write to the same one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: AuditEvent, now: datetime | None = None) -> str:
        """Append an event, synced to disk, and return the line's hash. OutputError."""
        time = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = hold_lock(self.path.with_name(self.path.name + LOCK_SUFFIX))
            with lock, self.path.open("a+b") as file:
                os.chmod(self.path, 0o600)
                number, previous, is_complete = _read_head(file)
                fields = {"number": number + 1, "time": time, **vars(event), PREVIOUS_FIELD: previous}
                digest = hash_entry(fields)
                line = json.dumps(fields | {HASH_FIELD: digest}, ensure_ascii=False).encode() + b"\n"
                file.write(line if is_complete else b"\n" + line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise output_error(error, self.path) from error
        return digest


def hash_entry(fields: Mapping[str, Any]) -> str:
    """SHA-256 of a line's fields, without its own hash, as JSON with sorted keys."""
    data = {name: value for name, value in fields.items() if name != HASH_FIELD}
    return hashlib.sha256(
        json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def read_entries(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log, oldest first; those that are no entries are left out. InputMissing."""
    for line in _read_lines(path):
        entry = _parse_line(line)
        if entry is not None:
            yield entry


def verify_log(path: Path, expected_head: str = "") -> AuditVerdict:
    """Verify a log's chain.

    Parameters
    ----------
    path : Path
    expected_head : str
        The hash of a line that must be in it, as noted earlier; "" for none.

    Returns
    -------
    AuditVerdict

    Raises
    ------
    InputMissing
        There is no such file.
    """
    count, head, is_head_found = 0, FIRST_HASH, not expected_head
    for number, line in enumerate(_read_lines(path), start=1):
        entry = _parse_line(line)
        if entry is None:
            return AuditVerdict(count, head, f"line {number} is no entry")
        if entry.get(PREVIOUS_FIELD) != head or entry.get("number") != count + 1:
            return AuditVerdict(count, head, f"line {number} does not follow the one before it")
        if hash_entry(entry) != entry.get(HASH_FIELD):
            return AuditVerdict(count, head, f"line {number} was changed")
        count, head = count + 1, str(entry[HASH_FIELD])
        is_head_found = is_head_found or head == expected_head
    fault = "" if is_head_found else "the hash that was noted is not in it: lines are missing, at the end or all"
    return AuditVerdict(count, head, fault)


def _read_lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise InputMissing(f"{path}: cannot be read ({error.strerror})", "give the file of an audit log") from error


def _parse_line(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and HASH_FIELD in entry else None


def _read_head(file: Any) -> tuple[int, str, bool]:
    """Number and hash of the last line, and whether it ends in a newline. A line that a crash cut off stays, as a
    fault that verification shows; the chain goes on from the one before it."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL_BYTES))
    tail = file.read()
    file.seek(0, os.SEEK_END)
    for line in reversed(tail.split(b"\n")):
        entry = _parse_line(line)
        if entry is not None:
            return int(entry["number"]), str(entry[HASH_FIELD]), tail.endswith(b"\n")
    return 0, FIRST_HASH, not tail or tail.endswith(b"\n")
