"""A job on disk appears whole, ends once, and vanishes whole."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs import store as module
from mattebox.jobs.encryption import Open, Seal, Sealed
from mattebox.jobs.store import NoRoom, Shelf

JOB = {"owner": "local"}


@pytest.fixture(params=[Open(), Sealed(bytes(32))], ids=["open", "sealed"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    seal: Seal = request.param
    made = Shelf(tmp_path / "jobs", seal)
    made.prepare()
    return made


def bytes_below(folder: Path) -> bytes:
    return b"".join(p.read_bytes() + p.name.encode() for p in folder.rglob("*") if p.is_file())


def test_there_and_back(shelf: Shelf) -> None:
    assert shelf.add("a", JOB, b"task")
    assert (shelf.job("a"), shelf.task("a"), shelf.outcome("a"), shelf.names()) == (JOB, b"task", None, ["a"])
    assert shelf.finish("a", {"state": "done"}, b"picture")
    told = shelf.outcome("a")
    assert told is not None
    assert shelf.result("a", told["stored_as"]) == b"picture"
    assert shelf.task("a") is None


def test_of_two_jobs_of_a_name_the_first_stays(shelf: Shelf) -> None:
    assert shelf.add("a", JOB, b"first")
    assert not shelf.add("a", JOB, b"second")
    assert shelf.task("a") == b"first"
    assert [p.name for p in shelf.root.iterdir()] == ["a"]


def test_of_two_outcomes_the_first_stays(shelf: Shelf) -> None:
    shelf.add("a", JOB, b"task")
    assert shelf.finish("a", {"state": "done"}, b"first")
    before = bytes_below(shelf.root)
    assert not shelf.finish("a", {"state": "done"}, b"second")
    assert not shelf.finish("a", {"state": "cancelled"})
    assert bytes_below(shelf.root) == before


def test_erased_is_erased_and_stays_so(shelf: Shelf) -> None:
    shelf.add("a", JOB, b"task")
    assert shelf.erase("a")
    assert not shelf.erase("a")
    assert not shelf.finish("a", {"state": "done"}, b"late")
    shelf.set_losses("a", {"workers": 1})
    assert list(shelf.root.iterdir()) == []


def test_a_result_that_the_disk_changed_is_not_given_out(shelf: Shelf) -> None:
    shelf.add("a", JOB, b"task")
    shelf.finish("a", {"state": "done"}, b"picture")
    told = shelf.outcome("a")
    assert told is not None
    (shelf.root / "a" / told["stored_as"]).write_bytes(b"other")
    with pytest.raises(MatteboxError, match="not what was written"):
        shelf.result("a", told["stored_as"])


def test_what_a_crash_left_half_done_is_cleared_away(shelf: Shelf) -> None:
    for name in (".coming-local-x", ".going-a-1"):
        (shelf.root / name).mkdir()
        (shelf.root / name / "task").write_bytes(b"canary")
    shelf.prepare()
    assert bytes_below(shelf.root) == b""


def test_a_full_disk_leaves_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as context:
        context.setattr("os.fsync", full)
        with pytest.raises(NoRoom, match="No space"):
            shelf.add("a", JOB, b"task")
    assert list(shelf.root.iterdir()) == []
    assert shelf.add("a", JOB, b"task")


def test_room_for_a_result_is_left(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100))
    assert shelf.add("a", JOB, b"task", room=96)
    with pytest.raises(NoRoom, match="No space"):
        shelf.add("b", JOB, b"task", room=97)
    assert not shelf.add("a", JOB, b"task", room=97)  # it is there: nothing more is needed
    assert shelf.names() == ["a"]


def test_a_full_disk_at_the_end_shows_no_outcome(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from mattebox.errors import OutputError

    shelf.add("a", JOB, b"task")

    def full(*_: object, **__: object) -> None:
        raise OutputError("full", "free some space") from OSError(errno.ENOSPC, "No space left")

    with monkeypatch.context() as context:
        context.setattr(module, "write_bytes", full)
        with pytest.raises(NoRoom):
            shelf.finish("a", {"state": "done"}, b"picture")
    assert shelf.outcome("a") is None
    assert shelf.task("a") == b"task"
