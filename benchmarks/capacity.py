"""What a number of pictures a day takes: workers, queue, store, database and cost, and what breaks first.

    python -m benchmarks.capacity measure [--count 8]            processor seconds of a picture on this machine
    python -m benchmarks.capacity [--pictures-a-day 100e6]       a simulated day, and the sizes up to there

The simulation goes through a day minute by minute: pictures arrive by a daily curve, wait in the queue, and workers
follow it as the autoscaler of deploy/kubernetes/overlays/keda does. Of the figures in `Assumptions`, the first three
are measured (this module, benchmarks/queue_load.py), the others are assumptions to be replaced by one's own.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, replace
from statistics import median

from benchmarks.common import argument_parser

MINUTES_PER_DAY = 1440
STEP_SECONDS = 60
POD_START_STEPS = 1
SCALE_DOWN_STEPS = 5


@dataclass(frozen=True)
class Assumptions:
    """Figures of a deployment. Money is in dollars."""

    processor_seconds: float = (
        0.40  # of a picture of 1 MP to a PNG, over HTTP (docs/experiments/2026-11-29-server-throughput.md)
    )
    transactions_per_job: float = 4.3  # benchmarks/queue_load.py
    transactions_idle: float = 18.9  # a second, of each server (benchmarks/queue_load.py)
    pictures_per_job: int = 1
    peak_factor: float = 2.5  # of the busiest minute to the average
    processors_per_worker: int = 4
    utilisation: float = 0.8
    seconds_to_wait: float = 30.0  # of a job, for which the autoscaler's target is set
    store_reads: float = 2.0  # requests of a picture: the photograph, and a look whether its result is there
    store_writes: float = 3.0  # the result, and a claim that is made and deleted
    megabytes_in: float = 1.5
    megabytes_out: float = 1.2
    hours_kept: float = 1.0
    processor_hour: float = 0.045  # on demand; 0.015 where machines may be taken away
    million_store_writes: float = 5.0
    million_store_reads: float = 0.4
    database_limit: float = 10_000.0  # transactions a second of one large Postgres
    store_write_limit: float = 3_500.0  # requests a second of one prefix of S3
    node_network_limit: float = 1_250.0  # megabytes a second of the shared disk of jobs (10 Gb/s)
    cluster_limit: int = 5_000  # nodes of one Kubernetes cluster


@dataclass(frozen=True)
class Day:
    """What a simulated day took."""

    pictures: float
    peak_rate: float  # pictures a second
    peak_workers: int
    worker_hours: float
    longest_wait: float  # seconds, of the pictures in the queue, at the rate of the workers then
    left: float  # pictures in the queue at midnight


@dataclass(frozen=True)
class Load:
    """A resource: what the busiest minute asks of it, and where it ends."""

    name: str
    demand: float
    limit: float
    remedy: str

    @property
    def share(self) -> float:
        return self.demand / self.limit


def arrival_rate(minute: int, pictures: float, peak_factor: float) -> float:
    """Pictures a second in a minute of the day: a cosine around the average, its peak at 15 h."""
    average = pictures / 86_400
    return max(0.0, average * (1 + (peak_factor - 1) * math.cos(2 * math.pi * (minute - 900) / MINUTES_PER_DAY)))


def daily_scale(peak_factor: float) -> float:
    """By how much to divide the curve, since its negative part is cut off."""
    minutes = range(MINUTES_PER_DAY)
    return sum(arrival_rate(m, 86_400, peak_factor) for m in minutes) / MINUTES_PER_DAY


def simulate_day(pictures: float, facts: Assumptions) -> Day:
    """Go through the second of two equal days, so that it does not start from nothing."""
    per_worker = facts.processors_per_worker * facts.utilisation / facts.processor_seconds
    target = per_worker * facts.seconds_to_wait  # what waits and runs, for each worker
    scale = daily_scale(facts.peak_factor)
    queue, workers, starting = 0.0, 1, 0
    wanted_before: list[int] = []
    peak_rate = worker_hours = longest_wait = 0.0
    peak_workers = 0
    for step in range(2 * MINUTES_PER_DAY):
        rate = arrival_rate(step % MINUTES_PER_DAY, pictures, facts.peak_factor) / scale
        workers, starting = workers + starting, 0
        queue += rate * STEP_SECONDS
        running = min(queue, workers * per_worker * STEP_SECONDS)
        queue -= running
        depth = queue + rate / per_worker * target  # what waits, and what runs at this rate
        wanted = max(1, math.ceil(depth / target))
        wanted_before = [*wanted_before, wanted][-SCALE_DOWN_STEPS:]
        if wanted > workers:
            starting = min(wanted - workers, max(workers, 4))
        elif max(wanted_before) < workers:
            workers = max(max(wanted_before), math.ceil(workers / 2))
        if step >= MINUTES_PER_DAY:
            peak_rate, peak_workers = max(peak_rate, rate), max(peak_workers, workers)
            worker_hours += workers * STEP_SECONDS / 3600
            longest_wait = max(longest_wait, queue / (workers * per_worker))
    return Day(pictures, peak_rate, peak_workers, worker_hours, longest_wait, queue)


def find_loads(day: Day, facts: Assumptions) -> list[Load]:
    """What the busiest minute asks of each resource, the fullest first."""
    jobs = day.peak_rate / facts.pictures_per_job
    database = jobs * facts.transactions_per_job + day.peak_workers * facts.transactions_idle
    disk = day.peak_rate * 2 * (facts.megabytes_in + facts.megabytes_out)  # each is written and read
    loads = [
        Load("transactions a second of the queue's Postgres", database, facts.database_limit,
             "several pictures a job, a queue for each group of workers, or --share and Ray without a queue"),
        Load("MB a second of the shared disk of jobs", disk, facts.node_network_limit,
             "pictures in an object store instead of in jobs"),
        Load("writes a second of one prefix of the store", day.peak_rate * facts.store_writes, facts.store_write_limit,
             "a prefix for each group of products"),
        Load("nodes", day.peak_workers, facts.cluster_limit, "larger nodes, or several clusters"),
    ]  # fmt: skip
    return sorted(loads, key=lambda load: -load.share)


def daily_cost(day: Day, facts: Assumptions) -> dict[str, float]:
    """Dollars a day."""
    millions = day.pictures / 1e6
    return {
        "processors": day.worker_hours * facts.processors_per_worker * facts.processor_hour,
        "store requests": millions
        * (facts.store_writes * facts.million_store_writes + facts.store_reads * facts.million_store_reads),
    }


def first_to_break(facts: Assumptions) -> list[tuple[str, float]]:
    """The resources in the order in which they end as pictures a day grow, with that number (within 3 %)."""
    found: dict[str, float] = {}
    pictures = 1e5
    while pictures < 1e11 and len(found) < 4:
        for load in find_loads(simulate_day(pictures, facts), facts):
            if load.share > 1:
                found.setdefault(load.name, pictures)
        pictures *= 1.03
    return sorted(found.items(), key=lambda item: item[1])


def measure_pictures(count: int) -> list[float]:
    """Processor seconds of pictures of 1200 x 900, from JPEG to a transparent PNG with the default network."""
    import tempfile
    from pathlib import Path

    from benchmarks.common import PHOTO_NAMES, encode_jpeg, enlarge_photograph
    from mattebox.batch.job import LocalJobRunner
    from mattebox.batch.plan import BatchJob
    from mattebox.core import cpu_threads
    from mattebox.models.matte_session import open_session
    from mattebox.recipe.recipe import Recipe
    from mattebox.recipe.steps import Cut

    recipe = Recipe((Cut(empty="keep"),))
    alone = cpu_threads.process_cpu_count()  # one thread for each picture, as with all processors at work
    run = LocalJobRunner(recipe, open_session("balanced", "cpu", 1), overwrite=True, concurrency=alone)
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for n in range(count + 2):
            path = Path(folder) / f"{n}.jpg"
            pixels = enlarge_photograph(PHOTO_NAMES[n % 4], (1200 - n, 900))  # no two alike, so that none is cached
            path.write_bytes(encode_jpeg(pixels))
            jobs.append(BatchJob(path, path.with_suffix(".png")))
        for job in jobs[:2]:
            run(job)
        seconds = []
        for job in jobs[2:]:
            begin = time.process_time()
            assert run(job).error is None
            seconds.append(time.process_time() - begin)
        return seconds


def print_day(pictures: float, facts: Assumptions) -> None:
    day = simulate_day(pictures, facts)
    cost = daily_cost(day, facts)
    print(f"{pictures / 1e6:g} million pictures a day, {facts.pictures_per_job} a job:")
    print(
        f"  {day.peak_rate:,.0f} a second at the peak; {day.peak_workers:,} workers of {facts.processors_per_worker}",
        end="",
    )
    print(f" processors at most, {day.worker_hours / 24:,.0f} on average; longest wait {day.longest_wait:.0f} s")
    kept = pictures / 24 * facts.peak_factor * facts.hours_kept * (facts.megabytes_in + facts.megabytes_out) / 1e6
    print(f"  kept at a time: {kept:.1f} TB; dollars a day: ", end="")
    print(", ".join(f"{name} {value:,.0f}" for name, value in cost.items()), end="")
    print(f"; {sum(cost.values()) / pictures * 1e6:.0f} a million pictures")
    for load in find_loads(day, facts):
        note = f" -> {load.remedy}" if load.share > 1 else ""
        print(f"  {load.share:7.1%}  {load.name}: {load.demand:,.0f} of {load.limit:,.0f}{note}")


def main() -> None:
    if sys.argv[1:2] == ["measure"]:
        parser = argument_parser(__doc__, count=8)
        seconds = measure_pictures(parser.parse_args(sys.argv[2:]).count)
        print(f"processor seconds of a picture: {median(seconds):.2f} in the median, {max(seconds):.2f} at most")
        return
    args = argument_parser(__doc__, pictures_a_day=100e6, processor_seconds=Assumptions.processor_seconds).parse_args()
    facts = Assumptions(processor_seconds=args.processor_seconds)
    for pictures in (args.pictures_a_day / 100, args.pictures_a_day / 10, args.pictures_a_day):
        print_day(pictures, facts)
    print("With 50 pictures a job:")
    print_day(args.pictures_a_day, replace(facts, pictures_per_job=50))
    print("What ends first, as pictures a day grow:")
    for name, pictures in first_to_break(facts):
        print(f"  {pictures / 1e6:10,.1f} million: {name}")


if __name__ == "__main__":
    main()
