"""Runs of networks that another thread ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from mattebox.models.cards.registry import all_cards
from mattebox.models.runtime.inference import Network
from mattebox.models.runtime.interruption import RunInterrupted, interruption
from tests.waiting import wait_until

UPSCALER = "up2-1"


@pytest.fixture(autouse=True)
def interruptible_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(interruption, "is_enabled", True)
    yield
    interruption.clear()


def test_a_run_ends_when_another_thread_says_so_and_the_session_stays_the_same() -> None:
    network = Network(all_cards()[UPSCALER], "cpu", 1)
    small, large = np.zeros((1, 3, 32, 32), np.float32), np.zeros((1, 3, 1024, 1024), np.float32)
    before = network(small)
    caught: list[BaseException] = []

    def run() -> None:
        try:
            network(large)
        except RunInterrupted as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: bool(interruption._running))
    interruption.set()
    thread.join()
    assert len(caught) == 1
    with pytest.raises(RunInterrupted):
        network(small)
    interruption.clear()
    assert np.array_equal(network(small), before)
    assert not interruption._running


def test_errors_of_runs_stay_what_they_are() -> None:
    session = Network(all_cards()[UPSCALER], "cpu", 1).start()
    with pytest.raises(ValueError, match="Required inputs"):
        session.run(None, {})
