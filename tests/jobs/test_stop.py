"""What runs when a server stops is finished or handed back; what a crash left is gone on with."""

import threading
import time
from pathlib import Path

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.manager import JobStatus
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.store import JobStore
from tests.jobs.fakes import Fake, ended, opened


@pytest.fixture
def fake() -> Fake:
    return Fake()


def test_what_runs_at_a_stop_is_finished(tmp_path: Path, fake: Fake) -> None:
    jobs = opened(tmp_path, fake)
    fake.gate.clear()
    name = jobs.submit("me", b"task")
    while not fake.calls:
        time.sleep(0.01)
    threading.Timer(0.3, fake.gate.set).start()
    jobs.stop(5)
    assert jobs.store.finished_at(name) is not None


def test_what_is_not_finished_at_a_stop_is_handed_back_and_done_by_the_next(tmp_path: Path, fake: Fake) -> None:
    jobs = opened(tmp_path, fake)
    fake.gate.clear()
    names = [jobs.submit("me", b"%d" % i, idempotency_key=str(i)) for i in range(4)]
    while len(fake.calls) < 2:
        time.sleep(0.01)
    jobs.stop()
    fake.dropped.update(names)
    assert all(jobs.store.finished_at(n) is None for n in names)
    time.sleep(0.05)
    again = Fake()
    following = opened(tmp_path, again)
    try:
        assert [following.submit("me", b"%d" % i, idempotency_key=str(i)) for i in range(4)] == names
        statuses = [ended(following, n) for n in names]
        assert [(s.state, s.attempts) for s in statuses] == [("done", 1)] * 4
        assert sorted(again.calls) == sorted(names)
    finally:
        following.stop()


def test_what_a_crash_left_unqueued_is_queued_at_the_start_and_hooks_are_told(tmp_path: Path, fake: Fake) -> None:
    told: list[JobStatus] = []
    shelf = JobStore(tmp_path / "jobs", PlaintextCipher())
    shelf.prepare()
    shelf.add("abc", {"owner": "me", "created": 1.0, "fingerprint": "", "hook": "https://example.org/"}, b"task")
    jobs = opened(tmp_path, fake, tell=told.append)
    try:
        jobs.submit("me", b"silent")
        assert ended(jobs, "abc").state == "done"
        for _ in range(500):
            if told:
                break
            time.sleep(0.01)
        assert [(s.job_id, s.state, s.webhook_url) for s in told] == [("abc", "done", "https://example.org/")]
    finally:
        jobs.stop()


def test_a_hook_that_waits_for_its_next_try_holds_nobody_up_and_is_told_by_the_next(tmp_path: Path, fake: Fake) -> None:
    tried: list[str] = []

    def nobody_there(status: JobStatus) -> None:
        tried.append(status.job_id)
        jobs.wait(1000)

    jobs = opened(tmp_path, fake, tell=nobody_there)
    name = jobs.submit("me", b"task", webhook_url="https://example.org/")
    while not tried:
        time.sleep(0.01)
    begun = time.monotonic()
    jobs.stop(20)
    assert time.monotonic() - begun < 10
    told: list[str] = []
    following = opened(tmp_path, fake, tell=lambda status: told.append(status.name))
    try:
        for _ in range(500):
            if told:
                break
            time.sleep(0.01)
        assert told == [name]
        assert fake.calls == [name]
    finally:
        following.stop()


def test_what_was_erased_while_its_hook_waited_is_no_more(tmp_path: Path, fake: Fake) -> None:
    tried: list[str] = []

    over = threading.Event()

    def nobody_there(status: JobStatus) -> None:
        tried.append(status.job_id)
        try:
            jobs.wait(1000)
        finally:
            over.set()

    jobs = opened(tmp_path, fake, tell=nobody_there)
    name = jobs.submit("me", b"task", webhook_url="https://example.org/")
    while not tried:
        time.sleep(0.01)
    assert jobs.erase(name, "me")
    jobs.stop(20)
    assert over.wait(5)


def test_a_database_that_does_not_open_says_so(tmp_path: Path) -> None:
    (tmp_path / "queue.sqlite").write_bytes(b"no database" * 100)
    queue = JobQueue(str(tmp_path))
    with pytest.raises(MatteboxError, match="does not open"):
        queue.start({})
