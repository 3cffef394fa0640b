"""An autoscaler that reads the view of a real Postgres: no flapping, no job lost with the workers."""

from __future__ import annotations

import pytest

from benchmarks.autoscaling import Autoscaler, simulate_scaling
from tests.jobs.postgres import postgres_can_run, start_postgres

COUNT = 5000


@pytest.mark.skipif(not postgres_can_run(), reason="no Postgres on this machine: apt install postgresql")
def test_5000_jobs_drain_without_flapping_and_none_is_lost() -> None:
    with start_postgres() as address:
        run = simulate_scaling(f"{address.rpartition('/')[0]}/postgres", COUNT, target=20, seconds_per_job=4)
    assert (run.finished, run.repeated) == (COUNT, 0)
    assert run.lost_pods > 5
    assert run.turns == 1  # up, and then down
    assert run.pods[-1] == 0
    assert max(run.pods) == 100


def test_the_autoscaler_waits_before_it_goes_down() -> None:
    scaler = Autoscaler(target=10)
    assert [scaler.decide(t, 100, pods) for t, pods in ((0, 0), (15, 4), (30, 8))] == [4, 8, 10]
    assert scaler.decide(45, 10, 10) == 10  # the window still holds 10
    assert scaler.decide(340, 10, 10) == 5  # half at a time
    assert scaler.decide(360, 0, 1) == 1
    assert scaler.decide(700, 0, 1) == 0
