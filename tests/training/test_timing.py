"""Timing of functions against each other."""

from __future__ import annotations

import pytest

from mattebox.training.export import timing


def test_functions_run_in_turns_and_the_shortest_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0, 3, 10, 15, 20, 21, 30, 34])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    calls: list[str] = []
    assert timing.best_run_times([lambda: calls.append("a"), lambda: calls.append("b")], 2) == [1, 4]
    assert calls == ["a", "b", "a", "b"]
