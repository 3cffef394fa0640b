"""On shutdown, running jobs are finished or handed back to the queue; jobs that a crash left are resumed."""

import threading
import time
from pathlib import Path

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.status import JobStatus
from mattebox.jobs.store import JobStore
from tests.jobs.fakes import FakeTaskRunner, start_manager, wait_until_finished


@pytest.fixture
def fake() -> FakeTaskRunner:
    return FakeTaskRunner()


def test_running_jobs_are_finished(tmp_path: Path, fake: FakeTaskRunner) -> None:
    jobs = start_manager(tmp_path, fake)
    fake.gate.clear()
    name = jobs.submit("me", [b"task"])
    fake.wait_for_calls()
    threading.Timer(0.3, fake.gate.set).start()
    jobs.stop(5)
    assert jobs.store.finished_at(name) is not None


def test_unfinished_jobs_are_handed_back(tmp_path: Path, fake: FakeTaskRunner) -> None:
    jobs = start_manager(tmp_path, fake)
    fake.gate.clear()
    names = [jobs.submit("me", [b"%d" % i], idempotency_key=str(i)) for i in range(4)]
    fake.wait_for_calls(2)
    jobs.stop()
    fake.cancelled.update(names)
    assert all(jobs.store.finished_at(n) is None for n in names)
    time.sleep(0.05)
    again = FakeTaskRunner()
    following = start_manager(tmp_path, again)
    try:
        assert [following.submit("me", [b"%d" % i], idempotency_key=str(i)) for i in range(4)] == names
        statuses = [wait_until_finished(following, n) for n in names]
        assert [(s.state, s.attempts) for s in statuses] == [("done", 1)] * 4
        assert sorted(again.calls) == sorted(names)
    finally:
        following.stop()


def test_jobs_that_a_crash_left_unqueued_are_queued_and_web_hooks_sent(tmp_path: Path, fake: FakeTaskRunner) -> None:
    told: list[JobStatus] = []

    def accept(status: JobStatus) -> bool:
        told.append(status)
        return True

    store = JobStore(tmp_path / "jobs", PlaintextCipher())
    store.prepare()
    store.add("abc", {"owner": "me", "created": 1.0, "fingerprint": "", "hook": "https://example.org/"}, [b"task"])
    jobs = start_manager(tmp_path, fake, send_webhook=accept)
    try:
        jobs.submit("me", [b"silent"])
        assert wait_until_finished(jobs, "abc").state == "done"
        for _ in range(500):
            if told:
                break
            time.sleep(0.01)
        assert [(s.job_id, s.state, s.webhook_url) for s in told] == [("abc", "done", "https://example.org/")]
    finally:
        jobs.stop()


def test_a_database_that_does_not_open_says_so(tmp_path: Path) -> None:
    (tmp_path / "queue.sqlite").write_bytes(b"no database" * 100)
    queue = JobQueue(str(tmp_path))
    with pytest.raises(MatteboxError, match="does not open"):
        queue.start({})
