"""The simulated autoscaler; on a real Postgres it is in test_postgres.py."""

from __future__ import annotations

from benchmarks.autoscaling import Autoscaler


def test_the_autoscaler_waits_before_it_goes_down() -> None:
    scaler = Autoscaler(target=10)
    assert [scaler.decide(t, 100, pods) for t, pods in ((0, 0), (15, 4), (30, 8))] == [4, 8, 10]
    assert scaler.decide(45, 10, 10) == 10  # the window still holds 10
    assert scaler.decide(340, 10, 10) == 5  # half at a time
    assert scaler.decide(360, 0, 1) == 1
    assert scaler.decide(700, 0, 1) == 0
