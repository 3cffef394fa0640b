"""The routes of jobs: told, listed, followed, fetched, cancelled, erased; and how a request becomes one.

Our own API. Knows the jobs' desk, not how they are kept or done.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.convertors import StringConvertor, register_url_convertor

from mattebox.errors import MatteboxError
from mattebox.io import url_fetch
from mattebox.server import openapi
from mattebox.server.api_keys import JOBS_SCOPE
from mattebox.server.http.problems import Problem
from mattebox.server.serializers import result_headers, serialize_job
from mattebox.server.state import AppState, get_state
from mattebox.server.workers.tasks import WorkerTask

if TYPE_CHECKING:
    from mattebox.jobs.manager import JobStatus

MAX_IDEMPOTENCY_KEY_CHARACTERS = 255
RESULT_BYTES_PER_PIXEL = 2  # bytes a pixel that must be free for a result; photographs' cutouts take about 0.7 as PNG
POLL_SECONDS = 0.2  # seconds between looks at a job that is followed
KEEPALIVE_SECONDS = 15.0  # and between signs of life


class _JobIdConvertor(StringConvertor):
    """A job's name; what comes after a colon is none of it."""

    regex = "[0-9A-Za-z]+"


register_url_convertor("job", _JobIdConvertor())
router = APIRouter(prefix="/v1/jobs")


def should_run_as_job(request: Request, state: AppState, task: WorkerTask) -> bool:
    """Is it to be a job? Asked for (RFC 7240), or too large to be waited for."""
    if not state.settings.jobs:
        return False
    preferences = request.headers.get("prefer", "").lower().replace(";", ",").split(",")
    if "respond-async" in (p.strip() for p in preferences):
        return True
    return 0 < state.settings.job_pixels < task.pixels


async def submit_job(
    request: Request, caller: str, task: WorkerTask, webhook_url: str | None, limit_headers: dict[str, str]
) -> Response:
    """202 once the job is on disk. Problem 503 when there are too many; 422 for a reused key or a refused address."""
    house = get_state(request)
    house.require_caller(request, JOBS_SCOPE)
    await _check_webhook_url(house, webhook_url)
    jobs, key = await house.job_service.open_manager(), parse_idempotency_key(request)

    def submitted() -> JobStatus | None:
        if jobs.store.count() >= house.settings.jobs:
            raise Problem(
                503, "busy", "there are too many jobs", "erase those you have, or wait", {"Retry-After": "10"}
            )
        name = jobs.submit(
            caller,
            task.pack(),
            idempotency_key=key,
            webhook_url=webhook_url,
            reserve_bytes=task.pixels * RESULT_BYTES_PER_PIXEL,
        )
        return jobs.status(name, caller)

    status = await asyncio.to_thread(submitted)
    if status is None:
        raise _job_not_found()
    where = {"Location": f"/v1/jobs/{status.job_id}", "Preference-Applied": "respond-async", "Retry-After": "1"}
    return JSONResponse(serialize_job(status), 202, where | limit_headers)


@router.get("", responses=openapi.json_responses(openapi.JOB_LIST_SCHEMA, "The jobs"))
async def list_jobs(request: Request) -> Any:
    """The caller's jobs, newest first, a hundred at most."""
    house = get_state(request)
    caller = house.require_caller(request, JOBS_SCOPE)
    found = await asyncio.to_thread((await house.job_service.open_manager()).list, caller)
    return {"jobs": [serialize_job(status) for status in found]}


@router.get("/{name:job}", operation_id="job", responses=openapi.json_responses(openapi.JOB_SCHEMA, "The job"))
async def get_job(request: Request, name: str) -> Any:
    """How a job is doing."""
    return serialize_job(await _require_status(request, name))


@router.get(
    "/{name:job}/result",
    operation_id="job_result",
    responses=openapi.picture_responses(result_schema=None),
    response_class=Response,
)
async def get_job_result(request: Request, name: str) -> Response:
    """The picture that a job made; the same bytes each time. A failed job answers as its request would have."""
    house = get_state(request)
    status = await _require_status(request, name)
    if not status.is_finished:
        raise Problem(409, "job_not_done", f"the job is {status.state}", "try again later", {"Retry-After": "1"})
    if status.state == "failed":
        error = status.outcome["error"]
        raise Problem(error["status"], error["code"], error["problem"], error["remedy"])
    found = await asyncio.to_thread(
        (await house.job_service.open_manager()).result, name, house.require_caller(request, JOBS_SCOPE)
    )
    if found is None:
        raise _job_not_found()
    known, body = found
    return Response(body, media_type=known["mime"], headers={"ETag": f'"{known["sha256"]}"'} | result_headers(known))


@router.get(
    "/{name:job}/events",
    operation_id="job_events",
    responses=openapi.EVENT_STREAM_RESPONSES,
    response_class=StreamingResponse,
)
async def stream_job_events(request: Request, name: str) -> Response:
    """A job's states and progress as server-sent events, each as GET tells it, until it is over or erased."""
    await _require_status(request, name)
    return StreamingResponse(_follow_job(request, name), media_type="text/event-stream")


@router.post(
    "/{name:job}:cancel",
    operation_id="job_cancel",
    responses=openapi.json_responses(openapi.JOB_SCHEMA, "The job as it is now"),
)
async def cancel_job(request: Request, name: str) -> Any:
    """Stop a job that is not over."""
    house = get_state(request)
    status = await asyncio.to_thread(
        (await house.job_service.open_manager()).cancel, name, house.require_caller(request, JOBS_SCOPE)
    )
    if status is None:
        raise _job_not_found()
    return serialize_job(status)


@router.delete(
    "/{name:job}",
    operation_id="job_erase",
    status_code=204,
    responses=openapi.PROBLEM_RESPONSES,
    response_class=Response,
)
async def erase_job(request: Request, name: str) -> Response:
    """Stop a job, and erase all of it: what was sent, what was made, and that it ever was."""
    house = get_state(request)
    if not await asyncio.to_thread(
        (await house.job_service.open_manager()).erase, name, house.require_caller(request, JOBS_SCOPE)
    ):
        raise _job_not_found()
    return Response(status_code=204)


async def _follow_job(request: Request, job_id: str) -> AsyncIterator[str]:
    seen, silent = ("", 0.0), 0.0
    house = get_state(request)
    while not house.is_stopping:
        try:
            status = await _require_status(request, job_id)
        except Problem:
            yield "event: gone\ndata: {}\n\n"
            return
        if (status.state, status.progress) != seen:
            seen, silent = (status.state, status.progress), 0.0
            yield f"event: {status.state}\ndata: {json.dumps(serialize_job(status))}\n\n"
        if status.is_finished:
            return
        if silent >= KEEPALIVE_SECONDS:
            silent = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(POLL_SECONDS)
        silent += POLL_SECONDS


async def _require_status(request: Request, job_id: str) -> JobStatus:
    house = get_state(request)
    status = await asyncio.to_thread(
        (await house.job_service.open_manager()).status, job_id, house.require_caller(request, JOBS_SCOPE)
    )
    if status is None:
        raise _job_not_found()
    return status


async def _check_webhook_url(state: AppState, webhook_url: str | None) -> None:
    if webhook_url is None:
        return
    if not state.settings.hook_secret:
        raise Problem(422, "hooks_off", "web hooks are off on this server", "ask for the job's state, or follow it")
    try:
        await asyncio.to_thread(url_fetch.check_url, webhook_url, state.settings.fetch_rules())
    except MatteboxError as error:
        raise Problem(422, "address_refused", f"hook_url: {error.problem}", error.remedy) from None


def parse_idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key, if there is one. Problem 422 when it is none."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS:
        raise Problem(422, "invalid_parameter", "the Idempotency-Key is empty or too long", "send a UUID")
    return key


def _job_not_found() -> Problem:
    return Problem(404, "job_unknown", "there is no such job", "it may have been erased, or be another caller's")
