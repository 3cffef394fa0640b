"""Threads follow what the process may use, not what the machine has."""

import subprocess
import sys

import pytest

from mattebox import processors


def test_within_bounds() -> None:
    assert processors.usable() >= 1
    assert processors.workers(0) == processors.workers(1) == 1
    assert 1 <= processors.workers(1000) <= processors.MOST


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a test pin a process")
def test_a_pinned_process_has_one() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from mattebox import processors; print(processors.usable(), processors.workers(9))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["1", "1"]
