"""A machine without heartbeats counts as dead, and another one takes over its jobs."""

import os
import time
from pathlib import Path

from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.heartbeats import HEARTBEAT_TIMEOUT_SECONDS, Heartbeats
from mattebox.jobs.manager import JobManager
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.store import JobStore
from tests.jobs.fakes import FakeTaskRunner, wait_until_finished


def test_a_dead_machine_is_reported_until_forgotten(tmp_path: Path) -> None:
    one, two = Heartbeats(tmp_path / "m", "one"), Heartbeats(tmp_path / "m", "two")
    assert one.dead_machines() == []
    one.send()
    two.send()
    assert one.dead_machines() == []
    os.utime(tmp_path / "m" / "two", (0, time.time() - HEARTBEAT_TIMEOUT_SECONDS - 1))
    assert one.dead_machines() == ["two"]
    one.forget("two")
    assert one.dead_machines() == []
    two.send()
    assert two.dead_machines() == []


def test_running_jobs_of_a_dead_machine_are_adopted(tmp_path: Path) -> None:
    folder, stuck = str(tmp_path), FakeTaskRunner()
    stuck.gate.clear()
    first = JobManager(JobStore(tmp_path / "jobs", PlaintextCipher()), JobQueue(folder, "one"), stuck)
    first.start()
    names = [first.submit("me", [b"%d" % i]) for i in range(2)]
    stuck.wait_for_calls()
    first.queue._running_items.clear()  # nothing is handed back, as by a machine that lost its power
    first.queue.stop()
    second = JobManager(JobStore(tmp_path / "jobs", PlaintextCipher()), JobQueue(folder, "two"), FakeTaskRunner())
    second.start()
    try:
        assert wait_until_finished(second, names[1]).state == "done"
        assert second.heartbeat_and_adopt() == []
        assert second.status(names[0], "me").state == "running"  # type: ignore[union-attr]
        os.utime(tmp_path / "machines" / "one", (0, time.time() - HEARTBEAT_TIMEOUT_SECONDS - 1))
        assert second.heartbeat_and_adopt() == ["one"]
        assert wait_until_finished(second, names[0]).state == "done"
    finally:
        stuck.cancelled.update(names)
        first.executor.release()
        second.stop()
