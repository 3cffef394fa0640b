"""Jobs from submission to erasure, on a real queue with a fake runner."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattebox.errors import MatteboxError
from mattebox.jobs import executor
from mattebox.jobs.manager import IdempotencyKeyReused, JobManager, TooManyJobs
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.task_runner import TaskCrashed, TaskFailed
from tests.jobs.fakes import FakeTaskRunner, start_manager, wait_until_finished

CANARY = b"canary-3f9c"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeTaskRunner:
    monkeypatch.setattr(executor, "RETRY_DELAY_SECONDS", 0.01)
    return FakeTaskRunner()


@pytest.fixture(scope="module")
def shared_manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobManager]:
    """One manager for all tests here, because a queue takes a second to start."""
    folder = tmp_path_factory.mktemp("data")
    manager = start_manager(folder, FakeTaskRunner())
    yield manager
    manager.stop()


@pytest.fixture
def jobs(shared_manager: JobManager, fake: FakeTaskRunner) -> JobManager:
    for name in shared_manager.store.job_ids():
        shared_manager.erase(name, "me")
        shared_manager.erase(name, "you")
    shared_manager.executor.runner = fake
    return shared_manager


def test_a_job_runs_once(jobs: JobManager, fake: FakeTaskRunner) -> None:
    name = jobs.submit("me", [b"task"])
    status = wait_until_finished(jobs, name)
    assert (status.state, status.attempts, status.outcome["width"]) == ("done", 1, 4)
    found = jobs.result(name, "me")
    assert found is not None
    assert b"".join(found[1]) == b"tasktask"
    assert fake.calls == [name]


def test_progress_of_a_running_job(jobs: JobManager, fake: FakeTaskRunner) -> None:
    fake.gate.clear()
    name = jobs.submit("me", [b"task"])
    for _ in range(500):
        status = jobs.status(name, "me")
        assert status is not None
        if status.progress:
            break
        time.sleep(0.01)
    assert (status.state, status.progress) == ("running", 0.25)
    fake.gate.set()
    assert wait_until_finished(jobs, name).progress == 1


def test_jobs_are_visible_to_their_owner_only(jobs: JobManager) -> None:
    name = jobs.submit("me", [b"task"])
    wait_until_finished(jobs, name)
    assert jobs.status(name, "you") is None
    assert jobs.result(name, "you") is None
    assert jobs.cancel(name, "you") is None
    assert not jobs.erase(name, "you")
    assert jobs.list("you") == []
    assert [s.job_id for s in jobs.list("me")] == [name]
    for odd in ("..", "../jobs", "", ".", "a" * 65, "a" * 300):
        assert jobs.status(odd, "me") is None


def test_the_same_key_is_the_same_job(jobs: JobManager, fake: FakeTaskRunner) -> None:
    names = {jobs.submit("me", [b"task"], idempotency_key="k") for _ in range(5)}
    assert len(names) == 1
    wait_until_finished(jobs, names.pop())
    jobs.submit("me", [b"task"], idempotency_key="k")
    with pytest.raises(IdempotencyKeyReused):
        jobs.submit("me", [b"other"], idempotency_key="k")
    assert jobs.submit("you", [b"other"], idempotency_key="k") != fake.calls[0]


def test_a_task_that_cannot_be_done_says_why(jobs: JobManager, fake: FakeTaskRunner) -> None:
    def act(_: bytes) -> None:
        raise TaskFailed({"code": "no_subject", "problem": "no subject"})

    fake.act = act
    status = wait_until_finished(jobs, jobs.submit("me", [b"task"]))
    assert (status.state, status.outcome["error"]["code"]) == ("failed", "no_subject")


def test_an_internal_error_fails_only_its_job_and_is_reported(
    jobs: JobManager, fake: FakeTaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.act = lambda task: 1 / 0 if task == b"bad" else None  # type: ignore[assignment, return-value]
    errors: list[Exception] = []
    monkeypatch.setattr(jobs.executor, "_on_internal_error", errors.append)
    bad, good = jobs.submit("me", [b"bad"]), jobs.submit("me", [b"good"])
    assert wait_until_finished(jobs, bad).outcome["error"]["code"] == "internal"
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert wait_until_finished(jobs, good).state == "done"


def test_three_lost_workers_are_poison_and_two_are_not(jobs: JobManager, fake: FakeTaskRunner) -> None:
    def act(task: bytes) -> None:
        if task == b"bad" or len(fake.calls) < 3:
            raise TaskCrashed

    fake.act = act
    assert wait_until_finished(jobs, jobs.submit("me", [b"good"])).state == "done"
    fake.calls.clear()
    status = wait_until_finished(jobs, jobs.submit("me", [b"bad"]))
    assert (status.outcome["error"]["code"], status.attempts, len(fake.calls)) == ("poisoned", 3, 3)


def test_cancelled_while_queued_and_while_running(jobs: JobManager, fake: FakeTaskRunner) -> None:
    fake.gate.clear()
    names = [jobs.submit("me", [b"%d" % i]) for i in range(4)]
    fake.wait_for_calls(2)
    for name in names:
        status = jobs.cancel(name, "me")
        assert status is not None
        assert status.state == "cancelled"
    fake.gate.set()
    assert wait_until_finished(jobs, jobs.submit("me", [b"next"])).state == "done"
    assert len(fake.calls) == 3
    assert all(jobs.result(n, "me") is None for n in names)


def everything(folder: Path) -> bytes:
    return b"".join(p.read_bytes() + str(p).encode() for p in folder.rglob("*") if p.is_file())


def test_erasing_leaves_no_bytes(jobs: JobManager, fake: FakeTaskRunner) -> None:
    folder = jobs.store.root.parent
    done = jobs.submit("me", [CANARY], idempotency_key="holiday.jpg")
    wait_until_finished(jobs, done)
    fake.gate.clear()
    running = jobs.submit("me", [CANARY + b"2"])
    fake.wait_for_calls(2)
    assert CANARY in everything(folder)
    for name in (done, running):
        assert jobs.erase(name, "me")
        assert jobs.status(name, "me") is None
    fake.gate.set()
    wait_until_finished(jobs, jobs.submit("me", [b"next"]))
    left = everything(folder)
    assert CANARY not in left
    assert b"holiday" not in left


def test_tasks_are_deleted_when_done_and_results_when_expired(jobs: JobManager) -> None:
    folder = jobs.store.root.parent
    name = jobs.submit("me", [CANARY])
    wait_until_finished(jobs, name)
    time.sleep(0.05)
    assert not (jobs.store.root / name / "task").exists()
    assert jobs.erase_expired() == 0
    assert jobs.erase_expired(time.time() + 3601) == 1
    assert jobs.status(name, "me") is None
    assert CANARY not in everything(folder)


def test_owners_take_turns_however_many_jobs_one_has(jobs: JobManager, fake: FakeTaskRunner) -> None:
    fake.gate.clear()
    for i in range(10):
        jobs.submit("you", [b"%d" % i])
    fake.wait_for_calls(2)
    few = [jobs.submit("me", [b"mine %d" % i]) for i in range(2)]
    fake.gate.set()
    for name in few:
        wait_until_finished(jobs, name)
    positions = [fake.calls.index(name) for name in few]
    assert positions[0] < 5
    assert positions[1] < 7


def test_unfinished_jobs_of_one_owner_are_limited(jobs: JobManager, fake: FakeTaskRunner) -> None:
    for number in range(3):
        wait_until_finished(jobs, jobs.submit("me", [b"%d" % number], max_unfinished=2))
    fake.gate.clear()
    first, second = (jobs.submit("me", [b"task"], idempotency_key=key, max_unfinished=2) for key in "ab")
    with pytest.raises(TooManyJobs, match="2 jobs are not finished"):
        jobs.submit("me", [b"third"], max_unfinished=2)
    assert jobs.submit("me", [b"task"], idempotency_key="a", max_unfinished=2) == first
    jobs.submit("you", [b"another's"], max_unfinished=2)
    jobs.cancel(first, "me")
    third = jobs.submit("me", [b"third"], max_unfinished=2)
    fake.gate.set()
    assert {wait_until_finished(jobs, name).state for name in (second, third)} == {"done"}
    assert len(jobs.list("me")) == 6
    assert len(jobs.list("you")) == 1


def test_one_queue_in_a_process(jobs: JobManager, tmp_path: Path) -> None:
    with pytest.raises(MatteboxError, match="has a queue already"):
        JobQueue(str(tmp_path)).start({})
    assert wait_until_finished(jobs, jobs.submit("me", [b"task"])).state == "done"
