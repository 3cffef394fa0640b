"""A job on disk appears whole, ends once, and vanishes whole."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs import store as module
from mattebox.jobs.encryption import AesGcmCipher, Cipher, PlaintextCipher
from mattebox.jobs.store import JobStore, StorageFull

JOB = {"owner": "local"}


@pytest.fixture(params=[PlaintextCipher(), AesGcmCipher(bytes(32))], ids=["open", "sealed"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> JobStore:
    seal: Cipher = request.param
    made = JobStore(tmp_path / "jobs", seal)
    made.prepare()
    return made


def bytes_below(folder: Path) -> bytes:
    return b"".join(p.read_bytes() + p.name.encode() for p in folder.rglob("*") if p.is_file())


def test_there_and_back(shelf: JobStore) -> None:
    assert shelf.add("a", JOB, b"task")
    assert (shelf.job("a"), shelf.task("a"), shelf.outcome("a"), shelf.job_ids()) == (JOB, b"task", None, ["a"])
    assert shelf.finish("a", {"state": "done"}, b"picture")
    told = shelf.outcome("a")
    assert told is not None
    assert shelf.result("a", told["stored_as"]) == b"picture"
    assert shelf.task("a") is None


def test_of_two_jobs_of_a_name_the_first_stays(shelf: JobStore) -> None:
    assert shelf.add("a", JOB, b"first")
    assert not shelf.add("a", JOB, b"second")
    assert shelf.task("a") == b"first"
    assert [p.name for p in shelf.root.iterdir()] == ["a"]


def test_of_two_outcomes_the_first_stays(shelf: JobStore) -> None:
    shelf.add("a", JOB, b"task")
    assert shelf.finish("a", {"state": "done"}, b"first")
    before = bytes_below(shelf.root)
    assert not shelf.finish("a", {"state": "done"}, b"second")
    assert not shelf.finish("a", {"state": "cancelled"})
    assert bytes_below(shelf.root) == before


def test_erased_is_erased_and_stays_so(shelf: JobStore) -> None:
    shelf.add("a", JOB, b"task")
    assert shelf.erase("a")
    assert not shelf.erase("a")
    assert not shelf.finish("a", {"state": "done"}, b"late")
    shelf.set_losses("a", {"workers": 1})
    assert list(shelf.root.iterdir()) == []


def test_a_result_that_the_disk_changed_is_not_given_out(shelf: JobStore) -> None:
    shelf.add("a", JOB, b"task")
    shelf.finish("a", {"state": "done"}, b"picture")
    told = shelf.outcome("a")
    assert told is not None
    (shelf.root / "a" / told["stored_as"]).write_bytes(b"other")
    with pytest.raises(MatteboxError, match="not what was written"):
        shelf.result("a", told["stored_as"])


def test_what_a_crash_left_half_done_is_cleared_away(shelf: JobStore) -> None:
    for name in (".coming-local-x", ".going-a-1"):
        (shelf.root / name).mkdir()
        (shelf.root / name / "task").write_bytes(b"canary")
    shelf.prepare()
    assert bytes_below(shelf.root) == b""


def test_a_full_disk_leaves_nothing(shelf: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as context:
        context.setattr("os.fsync", full)
        with pytest.raises(StorageFull, match="No space"):
            shelf.add("a", JOB, b"task")
    assert list(shelf.root.iterdir()) == []
    assert shelf.add("a", JOB, b"task")


def test_room_for_a_result_is_left(shelf: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100))
    assert shelf.add("a", JOB, b"task", reserve_bytes=96)
    with pytest.raises(StorageFull, match="No space"):
        shelf.add("b", JOB, b"task", reserve_bytes=97)
    assert not shelf.add("a", JOB, b"task", reserve_bytes=97)  # it is there: nothing more is needed
    assert shelf.job_ids() == ["a"]


def test_a_full_disk_at_the_end_shows_no_outcome(shelf: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from mattebox.errors import OutputError

    shelf.add("a", JOB, b"task")

    def full(*_: object, **__: object) -> None:
        raise OutputError("full", "free some space") from OSError(errno.ENOSPC, "No space left")

    with monkeypatch.context() as context:
        context.setattr(module, "write_bytes", full)
        with pytest.raises(StorageFull):
            shelf.finish("a", {"state": "done"}, b"picture")
    assert shelf.outcome("a") is None
    assert shelf.task("a") == b"task"
