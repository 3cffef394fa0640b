"""The index of jobs: turns of owners, unfinished counts, and what other machines did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.job_index import JobIndex
from mattebox.jobs.store import JobStore


@pytest.fixture
def index(tmp_path: Path) -> JobIndex:
    store = JobStore(tmp_path, PlaintextCipher())
    store.prepare()
    return JobIndex(store)


def add(index: JobIndex, owner: str, name: str, max_unfinished: int | None = None) -> int:
    entry = index.add(name, owner, 0.0, max_unfinished)
    assert entry is not None
    return entry.turn


def test_turns_of_owners_interleave(index: JobIndex) -> None:
    many = [add(index, "many", f"m{i}") for i in range(5)]
    few = [add(index, "few", f"f{i}") for i in range(2)]
    assert many == [1, 2, 3, 4, 5]
    assert few == [2, 3]
    for name in ("m0", "m1", "m2"):
        index.mark_finished(name)
    for name in ("f0", "f1"):
        index.mark_finished(name)
    assert add(index, "few", "f2") == 5
    assert add(index, "many", "m5") == 6


def test_a_job_that_is_not_stored_takes_no_place(index: JobIndex) -> None:
    add(index, "me", "a", 1)
    assert index.add("b", "me", 0.0, 1) is None
    index.refresh()
    assert index.uncounted_count("me") == 1
    index.discard("a")
    assert index.uncounted_count("me") == 0
    add(index, "me", "b", 1)


def test_what_other_machines_did(index: JobIndex) -> None:
    job = {"owner": "me", "created": 5.0, "fingerprint": "", "hook": None, "turn": 7}
    index.store.add("a", job, [b"task"])
    index.store.add("b", job | {"created": 6.0}, [b"task"])
    index.refresh()
    assert (index.uncounted_count("me"), index.newest_ids("me", 10)) == (2, ["b", "a"])
    index.store.finish("a", {"state": "done"})
    index.store.erase("b")
    index.refresh()
    assert (index.uncounted_count("me"), index.newest_ids("me", 10)) == (0, ["a"])
    assert json.loads((index.store.root / "a" / "job").read_bytes())["turn"] == 7
    assert add(index, "me", "c") == 1
