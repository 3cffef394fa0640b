"""Threads follow what the process may use, not what the machine has."""

import subprocess
import sys

import pytest

from mattebox.core import cpu_threads


def test_within_bounds() -> None:
    assert cpu_threads.thread_cpu_count() >= 1
    assert cpu_threads.worker_count(0) == cpu_threads.worker_count(1) == 1
    assert 1 <= cpu_threads.worker_count(1000) <= cpu_threads.MAX_THREADS


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a test pin a process")
def test_a_pinned_process_has_one() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from mattebox.core import cpu_threads; print(cpu_threads.thread_cpu_count(), cpu_threads.worker_count(9))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["1", "1"]


@pytest.mark.parametrize("among", [1, 1000])
def test_side_by_side_keeps_the_order(among: int) -> None:
    with cpu_threads.share_cpus(among):
        assert cpu_threads.parallel_map(lambda n: n * n, range(50)) == [n * n for n in range(50)]


@pytest.mark.parametrize("among", [1, 1000])
def test_the_first_exception_is_raised(among: int) -> None:
    def fail(number: int) -> None:
        raise ZeroDivisionError(str(number))

    with cpu_threads.share_cpus(among), pytest.raises(ZeroDivisionError, match="0"):
        cpu_threads.parallel_map(fail, range(9))
