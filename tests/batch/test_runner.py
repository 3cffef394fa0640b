"""Several at a time, in order, within the budget; and what a failure or Ctrl-C leaves."""

import threading
import time

import pytest

from mattebox.batch.pixel_budget import PixelBudget
from mattebox.batch.runner import map_in_order
from mattebox.core import cpu_threads


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_outcomes_come_in_order(workers: int) -> None:
    begun: list[int] = []

    def work(n: int) -> int:
        time.sleep(0.002 * (n % 3))
        return n * n

    assert list(map_in_order(work, range(30), workers, begun.append)) == [n * n for n in range(30)]
    assert begun == list(range(30))


def test_so_many_at_a_time_and_not_far_ahead() -> None:
    now, most, started = 0, 0, 0
    lock = threading.Lock()

    def work(n: int) -> int:
        nonlocal now, most, started
        with lock:
            now, started = now + 1, started + 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1
        return n

    results = map_in_order(work, range(100), 3)
    assert next(results) == 0
    assert started <= 12
    assert list(results) == list(range(1, 100))
    assert most == 3


def test_an_interruption_finishes_what_is_in_hand_and_starts_no_more() -> None:
    finished: list[int] = []

    def work(n: int) -> int:
        time.sleep(0.02)
        finished.append(n)
        return n

    results = map_in_order(work, range(100), 2)
    assert next(results) == 0
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt())
    count = len(finished)
    assert count <= 5
    time.sleep(0.1)
    assert len(finished) == count


def test_a_mistake_of_ours_is_raised() -> None:
    def work(n: int) -> int:
        return 1 // (n - 3)

    with pytest.raises(ZeroDivisionError):
        list(map_in_order(work, range(10), 2))


def test_the_budget_holds_and_lets_a_giant_in_alone() -> None:
    budget, most = PixelBudget(100), 0
    lock = threading.Lock()

    def work(pixels: int) -> int:
        nonlocal most
        with budget.reserve(pixels):
            with lock:
                most = max(most, budget.pixels_in_use)
            time.sleep(0.002)
        return pixels

    sizes = [30, 60, 500, 40, 40, 40, 700, 10] * 4
    assert list(map_in_order(work, sizes, 4)) == sizes
    assert most == 700
    assert budget.pixels_in_use == 0


def test_threads_share_the_processors() -> None:
    whole = cpu_threads.thread_cpu_count()
    with cpu_threads.share_cpus(whole + 1):
        assert cpu_threads.thread_cpu_count() == 1
        assert cpu_threads.worker_count(9) == 1
    assert cpu_threads.thread_cpu_count() == whole
