"""The event loop's thread asks the kernel for a short slice, and the server's children do not inherit it."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from mattebox.server import scheduler_slice
from mattebox.server.loop_delay import prefer_event_loop
from mattebox.server.scheduler_slice import DEFAULT_SLICE, SHORT_SLICE_NANOSECONDS, request_slice

STATISTICS = Path("/proc/thread-self/sched")
KERNEL_WITH_SLICES = (6, 12)


def kernel_has_slices() -> bool:
    if sys.platform != "linux" or not STATISTICS.exists() or "se.slice" not in STATISTICS.read_text():
        return False
    return tuple(int(part) for part in platform.release().split(".")[:2]) >= KERNEL_WITH_SLICES


def thread_slice() -> int:
    line = next(line for line in STATISTICS.read_text().splitlines() if line.startswith("se.slice"))
    return int(line.rpartition(":")[2])


needs_slices = pytest.mark.skipif(not kernel_has_slices(), reason="the kernel gives no slices, or does not tell them")


@needs_slices
def test_the_loops_thread_has_a_short_slice_while_the_server_runs() -> None:
    before = thread_slice()
    with prefer_event_loop():
        assert thread_slice() == SHORT_SLICE_NANOSECONDS
    assert thread_slice() == before


@needs_slices
def test_children_have_the_kernels_own_slice_and_the_niceness_that_they_had() -> None:
    script = (
        "import os; from mattebox.server.workers.child_process import lower_priority; lower_priority(3); "
        "print(os.getpriority(os.PRIO_PROCESS, 0), open('/proc/thread-self/sched').read())"
    )
    before = thread_slice()
    assert request_slice(SHORT_SLICE_NANOSECONDS)
    try:
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    finally:
        request_slice(DEFAULT_SLICE)
    line = next(line for line in told.splitlines() if line.startswith("se.slice"))
    assert int(line.rpartition(":")[2]) == before
    assert int(told.split()[0]) >= 3


def test_machines_whose_call_is_unknown_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_slice.platform, "machine", lambda: "vax")
    assert not request_slice(SHORT_SLICE_NANOSECONDS)
