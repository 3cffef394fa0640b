"""Submission of jobs: which requests become one, and the 202 response once it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from mattebox.errors import MatteboxError
from mattebox.io import url_fetch
from mattebox.server.api_keys import JOBS_SCOPE
from mattebox.server.auth import require_caller
from mattebox.server.http.problems import Problem
from mattebox.server.serializers import serialize_job
from mattebox.server.state import AppState, get_state
from mattebox.server.thread_pool import ThreadPoolBusy
from mattebox.server.trace_context import current_traceparent
from mattebox.server.workers.protocol import WorkerTask

if TYPE_CHECKING:
    from mattebox.jobs.status import JobStatus

MAX_IDEMPOTENCY_KEY_CHARACTERS = 255
RESULT_BYTES_PER_PIXEL = 2  # reserved on disk for a result; cutouts of photographs take about 0.7 as PNG


def should_run_as_job(request: Request, state: AppState, task: WorkerTask) -> bool:
    """Whether the client asks for a job (RFC 7240) or the task is too large to wait for."""
    if task.needs_job:
        return True
    if not state.settings.jobs:
        return False
    preferences = request.headers.get("prefer", "").lower().replace(";", ",").split(",")
    if "respond-async" in (p.strip() for p in preferences):
        return True
    return 0 < state.settings.job_pixels < task.pixels


async def submit_job(
    request: Request, caller: str, task: WorkerTask, webhook_url: str | None, limit_headers: dict[str, str]
) -> Response:
    """Store a job and respond with 202.

    Parameters
    ----------
    request
        Its Idempotency-Key, if any, identifies the job.
    caller
        The owner of the job.
    task
        What to do.
    webhook_url
        Notified when the job is finished.
    limit_headers
        Headers that state the caller's limits.

    Raises
    ------
    Problem
        403 without the scope for jobs, 422 for a refused web hook.
    MatteboxError
        The caller has too many unfinished jobs, the idempotency key was used for another request, or the disk or the
        queue refuses the job.
    """
    state = get_state(request)
    require_caller(state.access, request, JOBS_SCOPE)
    await _check_webhook_url(state, caller, webhook_url)
    status = await store_job(state, caller, task, parse_idempotency_key(request), webhook_url)
    if status is None:
        raise job_not_found_problem()
    headers = {"Location": f"/v1/jobs/{status.job_id}", "Preference-Applied": "respond-async", "Retry-After": "1"}
    return JSONResponse(serialize_job(status), 202, headers | limit_headers)


async def store_job(
    state: AppState, caller: str, task: WorkerTask, idempotency_key: str | None, webhook_url: str | None = None
) -> JobStatus | None:
    """Store a job, in the trace of the request that is being answered. MatteboxError, Problem as for `submit_job`."""
    manager, trace = await state.job_service.open_manager(), current_traceparent()

    def submit() -> JobStatus | None:
        job_id = manager.submit(
            caller,
            task,
            idempotency_key=idempotency_key,
            webhook_url=webhook_url,
            reserve_bytes=task.body_bytes + task.pixels * RESULT_BYTES_PER_PIXEL,
            max_unfinished=state.settings.jobs,
            trace=trace,
        )
        return manager.status(job_id, caller)

    return await state.job_threads.run(caller, submit)


def parse_idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header, if there is one. Problem 422 when it is empty or too long."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS:
        raise Problem(422, "invalid_parameter", "the Idempotency-Key is empty or too long", "send a UUID")
    return key


def job_not_found_problem() -> Problem:
    """The problem for a job that does not exist or belongs to another caller."""
    return Problem(404, "job_unknown", "there is no such job", "it may have been erased, or be another caller's")


async def _check_webhook_url(state: AppState, caller: str, webhook_url: str | None) -> None:
    if webhook_url is None:
        return
    if not state.settings.hook_secret:
        raise Problem(422, "hooks_off", "web hooks are off on this server", "ask for the job's state, or follow it")
    try:
        await state.fetch_threads.run(caller, url_fetch.check_url, webhook_url, state.settings.fetch_policy())
    except ThreadPoolBusy:
        raise
    except MatteboxError as error:
        raise Problem(422, "address_refused", f"hook_url: {error.problem}", error.remedy) from None
