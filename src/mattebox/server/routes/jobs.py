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
from mattebox.server.api_keys import JOBS
from mattebox.server.http.problems import Problem
from mattebox.server.serializers import described, headers
from mattebox.server.state import House, house_of
from mattebox.server.workers.tasks import Task

if TYPE_CHECKING:
    from mattebox.jobs.manager import Status

KEY_LONGEST = 255
ROOM = 2  # bytes a pixel that must be free for a result; photographs' cutouts take about 0.7 as PNG
LOOK = 0.2  # seconds between looks at a job that is followed
ALIVE = 15.0  # and between signs of life


class _Name(StringConvertor):
    """A job's name; what comes after a colon is none of it."""

    regex = "[0-9A-Za-z]+"


register_url_convertor("job", _Name())
router = APIRouter(prefix="/v1/jobs")


def wanted(request: Request, house: House, task: Task) -> bool:
    """Is it to be a job? Asked for (RFC 7240), or too large to be waited for."""
    if not house.settings.jobs:
        return False
    preferences = request.headers.get("prefer", "").lower().replace(";", ",").split(",")
    if "respond-async" in (p.strip() for p in preferences):
        return True
    return 0 < house.settings.job_pixels < task.pixels


async def accepted(request: Request, caller: str, task: Task, hook: str | None, limits: dict[str, str]) -> Response:
    """202 once the job is on disk. Problem 503 when there are too many; 422 for a reused key or a refused address."""
    house = house_of(request)
    house.caller(request, JOBS)
    await _check_hook(house, hook)
    jobs, key = await house.office.jobs(), key_of(request)

    def submitted() -> Status | None:
        if jobs.shelf.count() >= house.settings.jobs:
            raise Problem(
                503, "busy", "there are too many jobs", "erase those you have, or wait", {"Retry-After": "10"}
            )
        name = jobs.submit(caller, task.packed(), key=key, hook=hook, room=task.pixels * ROOM)
        return jobs.status(name, caller)

    status = await asyncio.to_thread(submitted)
    if status is None:
        raise _unknown()
    where = {"Location": f"/v1/jobs/{status.name}", "Preference-Applied": "respond-async", "Retry-After": "1"}
    return JSONResponse(described(status), 202, where | limits)


@router.get("", responses=openapi.told(openapi.JOBS, "The jobs"))
async def listed(request: Request) -> Any:
    """The caller's jobs, newest first, a hundred at most."""
    house = house_of(request)
    caller = house.caller(request, JOBS)
    found = await asyncio.to_thread((await house.office.jobs()).list, caller)
    return {"jobs": [described(status) for status in found]}


@router.get("/{name:job}", operation_id="job", responses=openapi.told(openapi.JOB, "The job"))
async def told(request: Request, name: str) -> Any:
    """How a job is doing."""
    return described(await _status(request, name))


@router.get(
    "/{name:job}/result", operation_id="job_result", responses=openapi.pictures(known=None), response_class=Response
)
async def result(request: Request, name: str) -> Response:
    """The picture that a job made; the same bytes each time. A failed job answers as its request would have."""
    house = house_of(request)
    status = await _status(request, name)
    if not status.over:
        raise Problem(409, "job_not_done", f"the job is {status.state}", "try again later", {"Retry-After": "1"})
    if status.state == "failed":
        error = status.outcome["error"]
        raise Problem(error["status"], error["code"], error["problem"], error["remedy"])
    found = await asyncio.to_thread((await house.office.jobs()).result, name, house.caller(request, JOBS))
    if found is None:
        raise _unknown()
    known, body = found
    return Response(body, media_type=known["mime"], headers={"ETag": f'"{known["sha256"]}"'} | headers(known))


@router.get("/{name:job}/events", operation_id="job_events", responses=openapi.EVENTS, response_class=StreamingResponse)
async def events(request: Request, name: str) -> Response:
    """A job's states and progress as server-sent events, each as GET tells it, until it is over or erased."""
    await _status(request, name)
    return StreamingResponse(_followed(request, name), media_type="text/event-stream")


@router.post(
    "/{name:job}:cancel", operation_id="job_cancel", responses=openapi.told(openapi.JOB, "The job as it is now")
)
async def cancel(request: Request, name: str) -> Any:
    """Stop a job that is not over."""
    house = house_of(request)
    status = await asyncio.to_thread((await house.office.jobs()).cancel, name, house.caller(request, JOBS))
    if status is None:
        raise _unknown()
    return described(status)


@router.delete(
    "/{name:job}", operation_id="job_erase", status_code=204, responses=openapi.PROBLEMS, response_class=Response
)
async def erase(request: Request, name: str) -> Response:
    """Stop a job, and erase all of it: what was sent, what was made, and that it ever was."""
    house = house_of(request)
    if not await asyncio.to_thread((await house.office.jobs()).erase, name, house.caller(request, JOBS)):
        raise _unknown()
    return Response(status_code=204)


async def _followed(request: Request, name: str) -> AsyncIterator[str]:
    seen, silent = ("", 0.0), 0.0
    house = house_of(request)
    while not house.leaving:
        try:
            status = await _status(request, name)
        except Problem:
            yield "event: gone\ndata: {}\n\n"
            return
        if (status.state, status.share) != seen:
            seen, silent = (status.state, status.share), 0.0
            yield f"event: {status.state}\ndata: {json.dumps(described(status))}\n\n"
        if status.over:
            return
        if silent >= ALIVE:
            silent = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(LOOK)
        silent += LOOK


async def _status(request: Request, name: str) -> Status:
    house = house_of(request)
    status = await asyncio.to_thread((await house.office.jobs()).status, name, house.caller(request, JOBS))
    if status is None:
        raise _unknown()
    return status


async def _check_hook(house: House, hook: str | None) -> None:
    if hook is None:
        return
    if not house.settings.hook_secret:
        raise Problem(422, "hooks_off", "web hooks are off on this server", "ask for the job's state, or follow it")
    try:
        await asyncio.to_thread(url_fetch.check, hook, house.settings.rules())
    except MatteboxError as error:
        raise Problem(422, "address_refused", f"hook_url: {error.problem}", error.remedy) from None


def key_of(request: Request) -> str | None:
    """The Idempotency-Key, if there is one. Problem 422 when it is none."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= KEY_LONGEST:
        raise Problem(422, "invalid_parameter", "the Idempotency-Key is empty or too long", "send a UUID")
    return key


def _unknown() -> Problem:
    return Problem(404, "job_unknown", "there is no such job", "it may have been erased, or be another caller's")
