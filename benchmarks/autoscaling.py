"""Workers that scale by the queue's view in a real Postgres: a simulated autoscaler, workers and a lost node.

    python -m benchmarks.autoscaling [--jobs 5000] [--target 20] [--seconds-per-job 4] [--database ADDRESS]

The queue's table and view are real, time is simulated: every 15 seconds the autoscaler reads the view with the query of
deploy/kubernetes/overlays/keda, and decides as Kubernetes' horizontal pod autoscaler does (ratio of the metric to the
target, a window before scaling down). Halfway a third of the workers is lost, and their jobs are adopted 30 s later.
Without an address it starts a cluster of its own.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

import psycopg

from benchmarks.common import argument_parser
from mattebox.jobs.queue_view import create_queue_view, read_queue_depths

POLL_SECONDS, POD_START_SECONDS, ADOPTION_SECONDS = 15, 30, 30
SCALE_DOWN_WINDOW_SECONDS, COOLDOWN_SECONDS = 300, 300
MIN_GROWTH_PODS, MAX_PODS = 4, 100
LOST_SHARE = 1 / 3

QUEUE_TABLE = """
CREATE SCHEMA IF NOT EXISTS dbos;
CREATE TABLE IF NOT EXISTS dbos.workflow_status (
    workflow_uuid TEXT PRIMARY KEY, status TEXT, queue_name TEXT, executor_id TEXT, created_at BIGINT
);
CREATE INDEX IF NOT EXISTS workflow_status_index ON dbos.workflow_status (queue_name, status);
"""


@dataclass
class Autoscaler:
    """Decides how many workers there shall be, as KEDA with Kubernetes' autoscaler does; times in simulated seconds."""

    target: int
    recommendations: deque[tuple[float, int]] = field(default_factory=deque)
    last_active: float = 0.0

    def decide(self, now: float, depth: int, pods: int) -> int:
        """The number of workers from now on."""
        if depth > 0:
            self.last_active = now
        if depth == 0 and now - self.last_active >= COOLDOWN_SECONDS:
            return 0
        wanted = min(MAX_PODS, max(1, math.ceil(depth / self.target)))
        self.recommendations.append((now, wanted))
        while self.recommendations[0][0] < now - SCALE_DOWN_WINDOW_SECONDS:
            self.recommendations.popleft()
        if wanted > pods:
            return min(wanted, pods + max(pods, MIN_GROWTH_PODS))
        highest = max(w for _, w in self.recommendations)  # the window before scaling down
        return max(highest, math.floor(pods / 2)) if highest < pods else pods


@dataclass
class SimulatedCluster:
    """Workers that take jobs from the table and finish them."""

    connection: psycopg.Connection
    seconds_per_job: float
    ready_times: dict[str, float] = field(default_factory=dict)  # of the workers, by name
    orphans: list[tuple[float, str]] = field(default_factory=list)  # workers that were lost, and when
    started: int = 0
    processed: dict[str, int] = field(default_factory=dict)

    def resize(self, now: float, count: int) -> None:
        """Start or end workers; one that ends hands its jobs back."""
        while len(self.ready_times) < count:
            self.started += 1
            self.ready_times[f"worker-{self.started}"] = now + POD_START_SECONDS
        for name in list(self.ready_times)[count:]:
            del self.ready_times[name]
            self._hand_back(name)

    def lose(self, now: float, count: int) -> None:
        """Workers vanish with their jobs in hand."""
        for name in list(self.ready_times)[:count]:
            del self.ready_times[name]
            self.orphans.append((now, name))

    def step(self, now: float, seconds: float) -> None:
        """Let the workers do what they can in so many seconds."""
        for lost_at, name in list(self.orphans):
            if now - lost_at >= ADOPTION_SECONDS and self.ready_times:
                self._hand_back(name)
                self.orphans.remove((lost_at, name))
        ready = [name for name, ready_at in self.ready_times.items() if ready_at <= now]
        if ready:
            self._finish(ready)
            self._take(ready, max(1, round(seconds / self.seconds_per_job)))

    def _finish(self, names: list[str]) -> None:
        query = "UPDATE dbos.workflow_status SET status = 'SUCCESS' WHERE executor_id = ANY(%s) AND status = 'PENDING'"
        for (job,) in self.connection.execute(f"{query} RETURNING workflow_uuid", [names]).fetchall():
            self.processed[job] = self.processed.get(job, 0) + 1

    def _take(self, names: list[str], per_worker: int) -> None:
        self.connection.execute(
            "UPDATE dbos.workflow_status AS items SET status = 'PENDING', executor_id = (%s::text[])[turn.worker] "
            "FROM (SELECT workflow_uuid, "
            "1 + (row_number() OVER (ORDER BY created_at, workflow_uuid) - 1) / %s AS worker "
            "FROM dbos.workflow_status WHERE queue_name = 'jobs' AND status = 'ENQUEUED' LIMIT %s) AS turn "
            "WHERE items.workflow_uuid = turn.workflow_uuid",
            [names, per_worker, per_worker * len(names)],
        )

    def _hand_back(self, name: str) -> None:
        self.connection.execute(
            "UPDATE dbos.workflow_status SET status = 'ENQUEUED', executor_id = NULL "
            "WHERE executor_id = %s AND status = 'PENDING'",
            [name],
        )


@dataclass(frozen=True)
class ScalingRun:
    """What came of it: the workers after each decision, finished jobs, and how many were done more than once."""

    pods: list[int]
    seconds: float
    finished: int
    repeated: int
    lost_pods: int

    @property
    def turns(self) -> int:
        """How often the number of workers changed its direction."""
        changes = [b - a for a, b in pairwise(self.pods) if a != b]
        return sum((a > 0) != (b > 0) for a, b in pairwise(changes))


def simulate_scaling(database: str, jobs: int, target: int, seconds_per_job: float) -> ScalingRun:
    """Put jobs into the queue of an empty database, and let the autoscaler and the workers do the rest."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(QUEUE_TABLE.encode())
        create_queue_view(database)
        connection.execute(
            "INSERT INTO dbos.workflow_status SELECT 'job-' || n, 'ENQUEUED', 'jobs', NULL, "
            "extract(epoch FROM now()) * 1000 FROM generate_series(1, %s) AS n",
            [jobs],
        )
        scaler, cluster = Autoscaler(target), SimulatedCluster(connection, seconds_per_job)
        now, pods, lost = 0.0, [0], 0
        while now < 86_400:
            depth = read_queue_depths(database)["jobs"]
            if not lost and depth.waiting < jobs / 2:
                lost = round(len(cluster.ready_times) * LOST_SHARE)
                cluster.lose(now, lost)  # the deployment starts others in their place
            cluster.resize(now, scaler.decide(now, depth.waiting + depth.running, pods[-1]))
            pods.append(len(cluster.ready_times))
            if pods[-1] == 0 and depth.waiting + depth.running == 0:
                break
            now += POLL_SECONDS
            cluster.step(now, POLL_SECONDS)
        (finished,) = connection.execute(  # type: ignore[misc]
            "SELECT count(*) FROM dbos.workflow_status WHERE status = 'SUCCESS'"
        ).fetchone()
        repeated = sum(count > 1 for count in cluster.processed.values())
    return ScalingRun(pods, now, finished, repeated, lost)


def main() -> None:
    args = argument_parser(__doc__, jobs=5000, target=20, seconds_per_job=4.0, database="").parse_args()
    if args.database:
        run = simulate_scaling(args.database, args.jobs, args.target, args.seconds_per_job)
    else:
        from tests.jobs.postgres import start_postgres

        with start_postgres() as address:
            run = simulate_scaling(
                f"{address.rpartition('/')[0]}/postgres", args.jobs, args.target, args.seconds_per_job
            )
    print(f"{run.finished} of {args.jobs} jobs in {run.seconds / 60:.0f} minutes; repeated: {run.repeated}")
    print(f"workers: at most {max(run.pods)}, lost {run.lost_pods} at once; changes of direction: {run.turns}")
    print("workers every 15 s:", *run.pods)


if __name__ == "__main__":
    main()
