"""The chain of an audit log: appended by several, complete after a crash, and every change shows."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mattebox.errors import InputMissing, OutputError
from mattebox.io.audit_log import FIRST_HASH, AuditEvent, AuditLog, read_entries, verify_log

EVENT = AuditEvent("key:1f3a", "anonymise+save", "ok", "a" * 64, "b" * 64)


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    log = AuditLog(tmp_path / "logs" / "audit.jsonl")
    for number in range(4):
        log.append(EVENT, datetime(2026, 11, 30, 12, number, tzinfo=UTC))
    return log


def test_lines_are_chained(log: AuditLog) -> None:
    entries = list(read_entries(log.path))
    assert [e["number"] for e in entries] == [1, 2, 3, 4]
    assert entries[0]["previous"] == FIRST_HASH
    assert [e["previous"] for e in entries[1:]] == [e["hash"] for e in entries[:-1]]
    assert entries[0].items() >= {"actor": "key:1f3a", "action": "anonymise+save", "input": "a" * 64}.items()
    assert entries[0]["time"] == "2026-11-30T12:00:00.000+00:00"
    verdict = verify_log(log.path)
    assert (verdict.entries, verdict.head, verdict.fault) == (4, entries[-1]["hash"], "")
    assert log.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda lines: [lines[0], lines[1].replace("1f3a", "2b4c"), *lines[2:]], "line 2 was changed"),
        (lambda lines: [lines[0], *lines[2:]], "line 2 does not follow"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "line 1 does not follow"),
        (lambda lines: [*lines[:2], "nonsense", *lines[2:]], "line 3 is no entry"),
        (lambda lines: [*lines, lines[0]], "line 5 does not follow"),
    ],
)
def test_changes_show(log: AuditLog, change: object, fault: str) -> None:
    lines = log.path.read_text().splitlines()
    log.path.write_text("\n".join(change(lines)) + "\n")  # type: ignore[operator]
    assert fault in verify_log(log.path).fault


def test_what_is_cut_off_shows_to_who_noted_a_hash(log: AuditLog) -> None:
    head = verify_log(log.path).head
    lines = log.path.read_text().splitlines()
    log.path.write_text("\n".join(lines[:2]) + "\n")
    assert verify_log(log.path).fault == ""
    assert "not in it" in verify_log(log.path, head).fault
    assert verify_log(log.path, json.loads(lines[1])["hash"]).fault == ""


def test_a_line_that_a_crash_cut_off_shows_and_the_log_goes_on(log: AuditLog) -> None:
    with log.path.open("a") as file:
        file.write('{"number": 5, "ti')
    log.append(EVENT)
    assert [e["number"] for e in read_entries(log.path)] == [1, 2, 3, 4, 5]
    assert "line 5 is no entry" in verify_log(log.path).fault


def _append_many(path: Path) -> None:
    for _ in range(10):
        AuditLog(path).append(EVENT)


def test_several_processes_write_to_one(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_append_many, args=(path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert verify_log(path) == verify_log(path, verify_log(path).head)
    assert verify_log(path).entries == 30


def test_a_missing_log_and_one_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="no such file|No such file"):
        verify_log(tmp_path / "none.jsonl")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        AuditLog(tmp_path / "file" / "audit.jsonl").append(EVENT)
