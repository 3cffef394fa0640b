"""Routes for operators: liveness, readiness and Prometheus metrics."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from mattebox.errors import MatteboxError
from mattebox.server.state import get_state

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def check_liveness() -> Response:
    """200 while the process responds."""
    return PlainTextResponse("ok")


@router.get("/readyz")
async def check_readiness(request: Request) -> Response:
    """200 while the server takes new work, else 503."""
    state = get_state(request)
    is_ready = state.is_ready and not state.is_stopping
    return PlainTextResponse("ready" if is_ready else "not ready", 200 if is_ready else 503)


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """Metrics in the Prometheus text format."""
    state = get_state(request)
    pool = state.worker_pool
    gauges: dict[str, float] = {
        "pixels_in_hand": pool.queue.pixels_in_flight, "tasks_waiting": len(pool.queue.waiting),
    }  # fmt: skip
    if state.settings.database:
        gauges |= await asyncio.to_thread(_read_queue, state.settings.database)
    return PlainTextResponse(state.metrics.to_prometheus_text(gauges, pool.restarts))


def _read_queue(database: str) -> dict[str, float]:
    """Gauges of the queue that all servers share; only that it is away where it does not answer."""
    from mattebox.jobs.queue_view import read_queue_depths

    try:
        jobs = read_queue_depths(database)["jobs"]
    except MatteboxError:
        return {"queue_up": 0}
    depths = {"jobs_waiting": jobs.waiting, "jobs_running": jobs.running, "jobs_oldest_seconds": jobs.oldest_seconds}
    return {"queue_up": 1} | depths
