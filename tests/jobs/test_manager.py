"""Jobs from being taken in to being erased, on a real queue, done by a fake."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs import manager
from mattebox.jobs.manager import IdempotencyKeyReused, JobManager, TaskCrashed, TaskFailed
from mattebox.jobs.queue import JobQueue
from tests.jobs.fakes import Fake, ended, opened

CANARY = b"canary-3f9c"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setattr(manager, "RETRY_DELAY_SECONDS", 0.01)
    return Fake()


@pytest.fixture(scope="module")
def desk_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobManager]:
    """A queue takes a second to begin, so that one serves all tests that do not stop it; closed for those that do."""
    folder = tmp_path_factory.mktemp("data")
    made = opened(folder, Fake())
    yield made
    made.stop()


@pytest.fixture
def jobs(desk_of_all: JobManager, fake: Fake) -> JobManager:
    for name in desk_of_all.store.job_ids():
        desk_of_all.erase(name, "me")
        desk_of_all.erase(name, "you")
    desk_of_all.runner = fake
    return desk_of_all


def test_done_once_and_told(jobs: JobManager, fake: Fake) -> None:
    name = jobs.submit("me", b"task")
    status = ended(jobs, name)
    assert (status.state, status.attempts, status.outcome["width"]) == ("done", 1, 4)
    found = jobs.result(name, "me")
    assert found is not None
    assert found[1] == b"tasktask"
    assert fake.calls == [name]


def test_its_progress_is_told_while_it_runs(jobs: JobManager, fake: Fake) -> None:
    fake.gate.clear()
    name = jobs.submit("me", b"task")
    for _ in range(500):
        status = jobs.status(name, "me")
        assert status is not None
        if status.progress:
            break
        time.sleep(0.01)
    assert (status.state, status.progress) == ("running", 0.25)
    fake.gate.set()
    assert ended(jobs, name).progress == 1


def test_a_job_is_its_owners_alone(jobs: JobManager) -> None:
    name = jobs.submit("me", b"task")
    ended(jobs, name)
    assert jobs.status(name, "you") is None
    assert jobs.result(name, "you") is None
    assert jobs.cancel(name, "you") is None
    assert not jobs.erase(name, "you")
    assert jobs.list("you") == []
    assert [s.job_id for s in jobs.list("me")] == [name]
    for odd in ("..", "../jobs", "", "."):
        assert jobs.status(odd, "me") is None


def test_the_same_key_is_the_same_job(jobs: JobManager, fake: Fake) -> None:
    names = {jobs.submit("me", b"task", idempotency_key="k") for _ in range(5)}
    assert len(names) == 1
    ended(jobs, names.pop())
    jobs.submit("me", b"task", idempotency_key="k")
    with pytest.raises(IdempotencyKeyReused):
        jobs.submit("me", b"other", idempotency_key="k")
    assert jobs.submit("you", b"other", idempotency_key="k") != fake.calls[0]


def test_a_task_that_cannot_be_done_says_why(jobs: JobManager, fake: Fake) -> None:
    def act(_: bytes) -> None:
        raise TaskFailed({"code": "no_subject", "problem": "no subject"})

    fake.act = act
    status = ended(jobs, jobs.submit("me", b"task"))
    assert (status.state, status.outcome["error"]["code"]) == ("failed", "no_subject")


def test_our_own_mistake_fails_only_its_job(jobs: JobManager, fake: Fake) -> None:
    fake.act = lambda task: 1 / 0 if task == b"bad" else None  # type: ignore[assignment, return-value]
    bad, good = jobs.submit("me", b"bad"), jobs.submit("me", b"good")
    assert ended(jobs, bad).outcome["error"]["code"] == "internal"
    assert ended(jobs, good).state == "done"


def test_three_lost_workers_are_poison_and_two_are_not(jobs: JobManager, fake: Fake) -> None:
    def act(task: bytes) -> None:
        if task == b"bad" or len(fake.calls) < 3:
            raise TaskCrashed

    fake.act = act
    assert ended(jobs, jobs.submit("me", b"good")).state == "done"
    fake.calls.clear()
    status = ended(jobs, jobs.submit("me", b"bad"))
    assert (status.outcome["error"]["code"], status.attempts, len(fake.calls)) == ("poisoned", 3, 3)


def test_cancelled_while_queued_and_while_running(jobs: JobManager, fake: Fake) -> None:
    fake.gate.clear()
    names = [jobs.submit("me", b"%d" % i) for i in range(4)]
    while len(fake.calls) < 2:
        time.sleep(0.01)
    for name in names:
        status = jobs.cancel(name, "me")
        assert status is not None
        assert status.state == "cancelled"
    fake.gate.set()
    assert ended(jobs, jobs.submit("me", b"next")).state == "done"
    assert len(fake.calls) == 3
    assert all(jobs.result(n, "me") is None for n in names)


def everything(folder: Path) -> bytes:
    return b"".join(p.read_bytes() + str(p).encode() for p in folder.rglob("*") if p.is_file())


def test_erased_leaves_no_bytes(jobs: JobManager, fake: Fake) -> None:
    folder = jobs.store.root.parent
    done = jobs.submit("me", CANARY, idempotency_key="holiday.jpg")
    ended(jobs, done)
    fake.gate.clear()
    running = jobs.submit("me", CANARY + b"2")
    while len(fake.calls) < 2:
        time.sleep(0.01)
    assert CANARY in everything(folder)
    for name in (done, running):
        assert jobs.erase(name, "me")
        assert jobs.status(name, "me") is None
    fake.gate.set()
    ended(jobs, jobs.submit("me", b"next"))
    left = everything(folder)
    assert CANARY not in left
    assert b"holiday" not in left


def test_what_was_sent_goes_when_it_is_done_and_the_result_after_its_time(jobs: JobManager) -> None:
    folder = jobs.store.root.parent
    name = jobs.submit("me", CANARY)
    ended(jobs, name)
    time.sleep(0.05)
    assert not (jobs.store.root / name / "task").exists()
    assert jobs.erase_expired() == 0
    assert jobs.erase_expired(time.time() + 3601) == 1
    assert jobs.status(name, "me") is None
    assert CANARY not in everything(folder)


def test_one_queue_in_a_process(jobs: JobManager, tmp_path: Path) -> None:
    with pytest.raises(MatteboxError, match="has a queue already"):
        JobQueue(str(tmp_path)).start({})
    assert ended(jobs, jobs.submit("me", b"task")).state == "done"
