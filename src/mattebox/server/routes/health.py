"""Routes for operators: liveness, readiness and Prometheus metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

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
    gauges = {"pixels_in_hand": pool.queue.pixels_in_flight, "tasks_waiting": len(pool.queue.waiting)}
    return PlainTextResponse(state.metrics.to_prometheus_text(gauges, pool.restarts))
