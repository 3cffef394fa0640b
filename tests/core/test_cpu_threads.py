"""Threads follow what the process may use, not what the machine has."""

import subprocess
import sys

import pytest

from mattebox.core import cpu_threads


def test_within_bounds() -> None:
    assert cpu_threads.usable() >= 1
    assert cpu_threads.workers(0) == cpu_threads.workers(1) == 1
    assert 1 <= cpu_threads.workers(1000) <= cpu_threads.MOST


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a test pin a process")
def test_a_pinned_process_has_one() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from mattebox.core import cpu_threads; print(cpu_threads.usable(), cpu_threads.workers(9))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["1", "1"]


@pytest.mark.parametrize("among", [1, 1000])
def test_side_by_side_keeps_the_order(among: int) -> None:
    with cpu_threads.shared(among):
        assert cpu_threads.side_by_side(lambda n: n * n, range(50)) == [n * n for n in range(50)]


@pytest.mark.parametrize("among", [1, 1000])
def test_the_first_exception_is_raised(among: int) -> None:
    def fail(number: int) -> None:
        raise ZeroDivisionError(str(number))

    with cpu_threads.shared(among), pytest.raises(ZeroDivisionError, match="0"):
        cpu_threads.side_by_side(fail, range(9))
