"""Stored jobs appear and disappear atomically, and have one outcome."""

import errno
import hashlib
import os
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs import store as store_module
from mattebox.jobs.encryption import AesGcmCipher, Cipher, PlaintextCipher
from mattebox.jobs.store import JobStore, StorageFull

JOB = {"owner": "local"}


@pytest.fixture(params=[PlaintextCipher(), AesGcmCipher(bytes(32))], ids=["plaintext", "encrypted"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> JobStore:
    cipher: Cipher = request.param
    store = JobStore(tmp_path / "jobs", cipher)
    store.prepare()
    return store


def read(chunks: Iterable[bytes] | None) -> bytes:
    assert chunks is not None
    return b"".join(chunks)


def bytes_below(folder: Path) -> bytes:
    return b"".join(p.read_bytes() + p.name.encode() for p in folder.rglob("*") if p.is_file())


def test_round_trip(store: JobStore) -> None:
    assert store.add("a", JOB, [b"task"])
    assert (store.job("a"), read(store.task("a")), store.outcome("a"), store.job_ids()) == (JOB, b"task", None, ["a"])
    assert store.finish("a", {"state": "done"}, [b"picture"])
    told = store.outcome("a")
    assert told is not None
    assert read(store.result("a", told["stored_as"])) == b"picture"
    assert told["sha256"] == hashlib.sha256(b"picture").hexdigest()
    assert store.task("a") is None


def test_of_two_jobs_with_one_id_the_first_stays(store: JobStore) -> None:
    assert store.add("a", JOB, [b"first"])
    assert not store.add("a", JOB, [b"second"])
    assert read(store.task("a")) == b"first"
    assert [p.name for p in store.root.iterdir()] == ["a"]


def test_of_two_outcomes_the_first_stays(store: JobStore) -> None:
    store.add("a", JOB, [b"task"])
    assert store.finish("a", {"state": "done"}, [b"first"])
    before = bytes_below(store.root)
    assert not store.finish("a", {"state": "done"}, [b"second"])
    assert not store.finish("a", {"state": "cancelled"})
    assert bytes_below(store.root) == before


def test_erased_is_erased_and_stays_so(store: JobStore) -> None:
    store.add("a", JOB, [b"task"])
    assert store.erase("a")
    assert not store.erase("a")
    assert not store.finish("a", {"state": "done"}, [b"late"])
    store.set_losses("a", {"workers": 1})
    assert list(store.root.iterdir()) == []


def test_a_result_that_the_disk_changed_is_not_given_out(store: JobStore) -> None:
    store.add("a", JOB, [b"task"])
    store.finish("a", {"state": "done"}, [b"picture"])
    told = store.outcome("a")
    assert told is not None
    path = store.root / "a" / told["stored_as"]
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(MatteboxError, match="not what was written|cannot be decrypted"):
        read(store.result("a", told["stored_as"]))


def test_large_files_are_not_in_memory_as_a_whole(store: JobStore) -> None:
    noise, count = bytes(range(250)) * 400, 300  # 30 MB

    def chunks() -> Iterator[bytes]:
        return (noise for _ in range(count))

    tracemalloc.start()
    try:
        store.add("a", JOB, chunks())
        assert sum(map(len, store.task("a") or ())) == count * len(noise)
        store.finish("a", {"state": "done"}, chunks())
        outcome = store.outcome("a")
        assert outcome is not None
        assert sum(map(len, store.result("a", outcome["stored_as"]) or ())) == count * len(noise)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_what_a_crash_left_half_done_is_cleared_away(store: JobStore) -> None:
    for name in (".coming-local-x", ".going-a-1"):
        (store.root / name).mkdir()
        (store.root / name / "task").write_bytes(b"canary")
    store.prepare()
    assert bytes_below(store.root) == b""


def test_a_full_disk_leaves_nothing(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as context:
        context.setattr("os.fsync", full)
        with pytest.raises(StorageFull, match="No space"):
            store.add("a", JOB, [b"task"])
    assert list(store.root.iterdir()) == []
    assert store.add("a", JOB, [b"task"])


def test_room_for_a_result_is_left(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100))
    assert store.add("a", JOB, [b"task"], reserve_bytes=100)
    with pytest.raises(StorageFull, match="No space"):
        store.add("b", JOB, [b"task"], reserve_bytes=101)
    assert not store.add("a", JOB, [b"task"], reserve_bytes=101)  # it is there: nothing more is needed
    assert store.job_ids() == ["a"]


def test_a_full_disk_at_the_end_shows_no_outcome(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add("a", JOB, [b"task"])
    before = bytes_below(store.root)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left")

    with monkeypatch.context() as context:
        context.setattr(store_module, "write_synced", full)
        with pytest.raises(StorageFull):
            store.finish("a", {"state": "done"}, [b"picture"])
    assert store.outcome("a") is None
    assert bytes_below(store.root) == before
