"""A machine that falls silent is noticed, and what it had in hand is done by another."""

import os
import time
from pathlib import Path

from mattebox.jobs import manager
from mattebox.jobs.encryption import PlaintextCipher
from mattebox.jobs.heartbeats import HEARTBEAT_TIMEOUT_SECONDS, Heartbeats
from mattebox.jobs.queue import JobQueue
from mattebox.jobs.store import JobStore
from tests.jobs.fakes import Fake, ended


def test_silence_is_noticed_once(tmp_path: Path) -> None:
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


def test_what_a_dead_machine_had_in_hand_is_done_by_another(tmp_path: Path) -> None:
    folder, stuck = str(tmp_path), Fake()
    stuck.gate.clear()
    first = manager.JobManager(JobStore(tmp_path / "jobs", PlaintextCipher()), JobQueue(folder, "one"), stuck)
    first.start()
    names = [first.submit("me", b"%d" % i) for i in range(2)]
    while not stuck.calls:
        time.sleep(0.01)
    first.queue._running_items.clear()  # nothing is handed back, as by a machine that lost its power
    first.queue.stop()
    second = manager.JobManager(JobStore(tmp_path / "jobs", PlaintextCipher()), JobQueue(folder, "two"), Fake())
    second.start()
    try:
        assert ended(second, names[1]).state == "done"
        assert second.heartbeat_and_adopt() == []
        assert second.status(names[0], "me").state == "running"  # type: ignore[union-attr]
        os.utime(tmp_path / "machines" / "one", (0, time.time() - HEARTBEAT_TIMEOUT_SECONDS - 1))
        assert second.heartbeat_and_adopt() == ["one"]
        assert ended(second, names[0]).state == "done"
    finally:
        stuck.dropped.update(names)
        first._stopped_event.set()
        second.stop()
