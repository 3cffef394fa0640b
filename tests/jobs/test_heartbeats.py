"""A machine that falls silent is noticed, and what it had in hand is done by another."""

import os
import time
from pathlib import Path

from mattebox.jobs import manager
from mattebox.jobs.encryption import Open
from mattebox.jobs.heartbeats import SILENCE, Machines
from mattebox.jobs.queue import Queue
from mattebox.jobs.store import Shelf
from tests.jobs.fakes import Fake, ended


def test_silence_is_noticed_once(tmp_path: Path) -> None:
    one, two = Machines(tmp_path / "m", "one"), Machines(tmp_path / "m", "two")
    assert one.silent() == []
    one.beat()
    two.beat()
    assert one.silent() == []
    os.utime(tmp_path / "m" / "two", (0, time.time() - SILENCE - 1))
    assert one.silent() == ["two"]
    one.bury("two")
    assert one.silent() == []
    two.beat()
    assert two.silent() == []


def test_what_a_dead_machine_had_in_hand_is_done_by_another(tmp_path: Path) -> None:
    folder, stuck = str(tmp_path), Fake()
    stuck.gate.clear()
    first = manager.Jobs(Shelf(tmp_path / "jobs", Open()), Queue(folder, "one"), stuck)
    first.start()
    names = [first.submit("me", b"%d" % i) for i in range(2)]
    while not stuck.calls:
        time.sleep(0.01)
    first.queue._busy.clear()  # nothing is handed back, as by a machine that lost its power
    first.queue.stop()
    second = manager.Jobs(Shelf(tmp_path / "jobs", Open()), Queue(folder, "two"), Fake())
    second.start()
    try:
        assert ended(second, names[1]).state == "done"
        assert second.beat() == []
        assert second.status(names[0], "me").state == "running"  # type: ignore[union-attr]
        os.utime(tmp_path / "machines" / "one", (0, time.time() - SILENCE - 1))
        assert second.beat() == ["one"]
        assert ended(second, names[0]).state == "done"
    finally:
        stuck.dropped.update(names)
        first._returned.set()
        second.stop()
