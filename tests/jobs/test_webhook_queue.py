"""Web hooks of finished jobs: retried later, without holding a thread; a slow receiver delays no other's."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mattebox.jobs import webhook_queue
from mattebox.jobs.manager import JobManager
from mattebox.jobs.status import JobStatus
from tests.jobs.fakes import FakeTaskRunner, start_manager
from tests.waiting import wait_until

SLOW, QUICK = "https://slow.example/", "https://quick.example/"


class Receiver:
    """Counts the attempts by URL; refuses the first `refusals` of each job, and blocks for SLOW until released."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.attempts: Counter[str] = Counter()
        self.accepted: list[str] = []
        self.blocked = 0
        self.release = threading.Event()

    def __call__(self, status: JobStatus) -> bool:
        self.attempts[status.job_id] += 1
        if status.webhook_url == SLOW:
            self.blocked += 1
            self.release.wait(30)
        if self.attempts[status.job_id] <= self.refusals:
            return False
        self.accepted.append(status.job_id)
        return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Receiver], JobManager]]:
    managers: list[JobManager] = []

    def start_with(receiver: Receiver) -> JobManager:
        managers.append(start_manager(tmp_path, FakeTaskRunner(), send_webhook=receiver))
        return managers[-1]

    yield start_with
    for manager in managers:
        manager.stop()


def test_a_refused_web_hook_is_retried(
    start: Callable[[Receiver], JobManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_queue, "FIRST_RETRY_SECONDS", 0.01)
    receiver = Receiver(refusals=2)
    name = start(receiver).submit("me", [b"task"], webhook_url=QUICK)
    wait_until(lambda: receiver.accepted == [name])
    assert receiver.attempts == {name: 3}


def test_a_web_hook_is_given_up_after_six_attempts(
    start: Callable[[Receiver], JobManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_queue, "FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr(webhook_queue, "BACKOFF_FACTOR", 1.0)
    receiver = Receiver(refusals=99)
    name = start(receiver).submit("me", [b"task"], webhook_url=QUICK)
    wait_until(lambda: receiver.attempts[name] == 6)
    time.sleep(0.5)
    assert receiver.attempts == {name: 6}


def test_a_slow_receiver_delays_no_other(start: Callable[[Receiver], JobManager]) -> None:
    receiver = Receiver()
    manager = start(receiver)
    try:
        slow = [manager.submit("you", [b"task"], webhook_url=SLOW) for _ in range(8)]
        wait_until(lambda: receiver.blocked == webhook_queue.MAX_CONCURRENT_PER_RECEIVER)
        quick = [manager.submit("me", [b"task"], webhook_url=QUICK) for _ in range(3)]
        wait_until(lambda: sorted(receiver.accepted) == sorted(quick))
        assert receiver.blocked == webhook_queue.MAX_CONCURRENT_PER_RECEIVER
    finally:
        receiver.release.set()
    wait_until(lambda: sorted(receiver.accepted) == sorted(quick + slow))


def test_a_waiting_web_hook_does_not_delay_shutdown_and_is_sent_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing, receiver = Receiver(refusals=1), Receiver()
    monkeypatch.setattr(webhook_queue, "FIRST_RETRY_SECONDS", 3.0)
    manager = start_manager(tmp_path, FakeTaskRunner(), send_webhook=refusing)
    name = manager.submit("me", [b"task"], webhook_url=QUICK)
    wait_until(lambda: refusing.attempts[name] == 1)
    time.sleep(0.3)
    started_at = time.monotonic()
    manager.stop(20)
    assert time.monotonic() - started_at < 10
    following = start_manager(tmp_path, FakeTaskRunner(), send_webhook=receiver)
    try:
        wait_until(lambda: receiver.accepted == [name])
    finally:
        following.stop()


def test_a_job_erased_while_its_web_hook_waits(
    start: Callable[[Receiver], JobManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_queue, "FIRST_RETRY_SECONDS", 0.5)
    receiver = Receiver(refusals=99)
    manager = start(receiver)
    name = manager.submit("me", [b"task"], webhook_url=QUICK)
    wait_until(lambda: receiver.attempts[name] == 1)
    assert manager.erase(name, "me")
    time.sleep(1.0)
    assert receiver.attempts == {name: 1}
