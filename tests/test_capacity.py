"""The simulated day adds up: what arrives is done, workers follow, and costs are those of the work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.capacity import Assumptions, daily_cost, daily_scale, find_loads, first_to_break, simulate_day

FACTS = Assumptions()


def test_a_day_takes_the_work_that_there_is() -> None:
    day = simulate_day(10e6, FACTS)
    least_hours = 10e6 * FACTS.processor_seconds / FACTS.utilisation / FACTS.processors_per_worker / 3600
    assert least_hours <= day.worker_hours < 1.2 * least_hours
    assert day.left == 0
    assert day.longest_wait < 60
    assert day.peak_rate == pytest.approx(10e6 / 86_400 * FACTS.peak_factor / daily_scale(FACTS.peak_factor), rel=0.01)
    assert daily_cost(day, FACTS)["processors"] == day.worker_hours * 4 * FACTS.processor_hour


def test_loads_grow_with_the_pictures_and_jobs_of_many_spare_the_database() -> None:
    shares = [{load.name: load.share for load in find_loads(simulate_day(n, FACTS), FACTS)} for n in (1e7, 1e8)]
    assert all(shares[1][name] > 5 * share for name, share in shares[0].items())
    many = replace(FACTS, pictures_per_job=50)
    database = next(name for name in shares[0] if "Postgres" in name)
    assert {load.name: load.share for load in find_loads(simulate_day(1e8, many), many)}[database] < shares[1][database]


def test_what_ends_first_is_in_order() -> None:
    ends = [pictures for _, pictures in first_to_break(replace(FACTS, cluster_limit=50))]
    assert ends == sorted(ends)
    assert len(ends) == 4
