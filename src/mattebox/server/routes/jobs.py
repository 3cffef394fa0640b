"""Routes of jobs: list, status, result, events, cancel and erase."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.convertors import StringConvertor, register_url_convertor

from mattebox.server.api_keys import JOBS_SCOPE
from mattebox.server.auth import name_sharer, require_caller
from mattebox.server.caller_streams import CountedStream
from mattebox.server.content_buffer import Content, ContentBuffer
from mattebox.server.http.content_negotiation import choose_media_type
from mattebox.server.http.content_response import ContentResponse
from mattebox.server.http.problems import Problem
from mattebox.server.job_submission import job_not_found_problem
from mattebox.server.openapi.responses import (
    event_stream_responses,
    job_result_responses,
    json_responses,
    problem_responses,
)
from mattebox.server.openapi.schemas import JOB, JOB_LIST
from mattebox.server.serializers import result_headers, serialize_job
from mattebox.server.state import get_state
from mattebox.server.thread_pool import ThreadPoolBusy

if TYPE_CHECKING:
    from mattebox.jobs.manager import JobManager
    from mattebox.jobs.status import JobStatus

POLL_SECONDS = 0.2  # between checks of a job that is followed
BUSY_POLL_SECONDS = 2.0  # after a check that got no thread
KEEPALIVE_SECONDS = 15.0  # between comments in a stream without events

T = TypeVar("T")


class _JobIdConvertor(StringConvertor):
    """A job's id; a colon ends it, so that `ID:cancel` is another route."""

    regex = "[0-9A-Za-z]+"


register_url_convertor("job", _JobIdConvertor())
router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", responses=json_responses(JOB_LIST, "The jobs"))
async def list_jobs(request: Request) -> Any:
    """The caller's jobs, newest first, a hundred at most."""
    statuses = await _call_manager(request, lambda manager, caller: manager.list(caller))
    return {"jobs": [serialize_job(status) for status in statuses]}


@router.get("/{name:job}", responses=json_responses(JOB, "The job", 404))
async def get_job(request: Request, name: str) -> Any:
    """The state and progress of a job."""
    return serialize_job(await _require_status(request, name))


@router.get(
    "/{name:job}/result",
    responses=job_result_responses(),
    response_class=Response,
)
async def get_job_result(request: Request, name: str) -> Response:
    """The result of a job; the same bytes each time. A failed job returns the error of its request."""
    status = await _require_status(request, name)
    if not status.is_finished:
        raise Problem(409, "job_not_done", f"the job is {status.state}", "try again later", {"Retry-After": "1"})
    if status.state == "failed":
        raise Problem.from_fields(status.outcome["error"])
    if "output_object" in status.outcome:
        name = status.outcome["output_object"]
        raise Problem(409, "result_in_location", f"the result is the object {name}", "read it there")
    buffer = get_state(request).buffer
    result = await _call_manager(request, lambda manager, caller: _buffer_result(buffer, manager, name, caller))
    if result is None:
        raise job_not_found_problem()
    metadata, content = result
    state = get_state(request)
    caller = require_caller(state.access, request, JOBS_SCOPE)
    await state.auditor.record(caller, "download", hashes=("", metadata["sha256"]))
    headers = {"ETag": f'"{metadata["sha256"]}"'} | result_headers(metadata)
    return ContentResponse(content, choose_media_type(request, metadata["mime"]), headers)


@router.get(
    "/{name:job}/events",
    responses=event_stream_responses(),
    response_class=StreamingResponse,
)
async def stream_job_events(request: Request, name: str) -> Response:
    """A job's states and progress as server-sent events, each with the job as JSON, until it is finished or erased."""
    state = get_state(request)
    sharer = name_sharer(state.access, request)
    await _require_status(request, name)
    state.streams.check_room(sharer)  # last: nobody else's turn comes until the response counts itself
    return CountedStream(state.streams, sharer, _follow_job(request, name))


@router.post(
    "/{name:job}:cancel",
    responses=json_responses(JOB, "The job as it is now", 404),
)
async def cancel_job(request: Request, name: str) -> Any:
    """Cancel a job that is not finished."""
    status = await _call_manager(request, lambda manager, caller: manager.cancel(name, caller))
    if status is None:
        raise job_not_found_problem()
    return serialize_job(status)


@router.delete(
    "/{name:job}",
    status_code=204,
    responses=problem_responses(404),
    response_class=Response,
)
async def erase_job(request: Request, name: str) -> Response:
    """Stop a job, and erase all of it: what was sent, the result, and every trace of it."""
    if not await _call_manager(request, lambda manager, caller: manager.erase(name, caller)):
        raise job_not_found_problem()
    state = get_state(request)
    await state.auditor.record(require_caller(state.access, request, JOBS_SCOPE), "erase")
    return Response(status_code=204)


async def _follow_job(request: Request, job_id: str) -> AsyncIterator[str]:
    """Server-sent events of a job's changes, with comments to keep the connection open."""
    state = get_state(request)
    last_event, silent_seconds = ("", 0.0), 0.0
    while not state.is_stopping:
        try:
            status = await _require_status(request, job_id)
        except ThreadPoolBusy:  # by other questions of the same caller: ask later
            await asyncio.sleep(BUSY_POLL_SECONDS)
            continue
        except Problem:
            yield "event: gone\ndata: {}\n\n"
            return
        if (status.state, status.progress) != last_event:
            last_event, silent_seconds = (status.state, status.progress), 0.0
            yield f"event: {status.state}\ndata: {json.dumps(serialize_job(status))}\n\n"
        if status.is_finished:
            return
        if silent_seconds >= KEEPALIVE_SECONDS:
            silent_seconds = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(POLL_SECONDS)
        silent_seconds += POLL_SECONDS


def _buffer_result(
    buffer: ContentBuffer, manager: JobManager, job_id: str, caller: str
) -> tuple[dict[str, Any], Content] | None:
    result = manager.result(job_id, caller)
    return None if result is None else (result[0], buffer.store_chunks(result[1]))


async def _require_status(request: Request, job_id: str) -> JobStatus:
    status = await _call_manager(request, lambda manager, caller: manager.status(job_id, caller))
    if status is None:
        raise job_not_found_problem()
    return status


async def _call_manager(request: Request, call: Callable[[JobManager, str], T]) -> T:
    """Authorise the caller, then run a blocking call of the job manager in a thread."""
    state = get_state(request)
    caller = require_caller(state.access, request, JOBS_SCOPE)
    return await state.job_threads.run(caller, call, await state.job_service.open_manager(), caller)
