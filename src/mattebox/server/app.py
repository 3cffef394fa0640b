"""The application: routes, errors as answers, what every answer carries, and how it starts and stops."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from traceback import format_tb
from typing import Any

from fastapi import FastAPI, Request, Response, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException
from starlette.routing import Route

from mattebox._version import __version__
from mattebox.errors import MatteboxError
from mattebox.server import around, compatible, jobs, own, problems
from mattebox.server.house import House
from mattebox.server.problems import Problem
from mattebox.server.removebg import Refused
from mattebox.server.settings import Settings

ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def create(settings: Settings) -> FastAPI:
    """The application for these settings."""
    house = House.of(settings)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await house.crew.start()
        await house.office.begin()
        house.ready = True
        yield
        house.ready = False
        await house.office.close()
        await house.crew.stop()
        house.usage.close()
        house.traces.close()

    app = FastAPI(title="mattebox", version=__version__, lifespan=life, docs_url=None, redoc_url=None)
    app.state.house = house
    known = [Security(APIKeyHeader(name="X-API-Key", auto_error=False))] if house.access.asked_for else None
    app.include_router(around.router)
    if settings.role != "worker":
        for router in (own.router, jobs.router):
            app.include_router(router, dependencies=known)
        app.include_router(compatible.router)
        if settings.page:
            app.include_router(around.page())
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(MatteboxError, _ours)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _nowhere)
    app.middleware("http")(_surrounded)
    if settings.origins:
        origins = [o.strip() for o in settings.origins.split(",")]
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["X-API-Key", "Prefer", "Idempotency-Key"],
            expose_headers=["Location", "X-Made", "X-Confidence", "X-Box"],
        )
    return app


async def _surrounded(request: Request, call_next: Any) -> Response:
    """Count, trace and log every answer by its route, and give it the headers it always carries."""
    begun, house = time.perf_counter(), request.app.state.house
    works = request.method not in ("GET", "HEAD")
    house.in_hand += works
    with house.traces.request(request.headers) as span:
        try:
            response: Response = await call_next(request)
        except Exception as error:  # noqa: BLE001  the boundary: everything else is our own mistake
            house.log.tell("internal error", "error", kind=type(error).__name__, trace=format_tb(error.__traceback__))
            response = problems.response(Problem(500, "internal", "internal error", "please report it"))
            span.tell(error__type=type(error).__name__)
        finally:
            house.in_hand -= works
        route, took = getattr(request.scope.get("route"), "path_format", "other"), time.perf_counter() - begun
        status = response.status_code
        span.tell(http__request__method=request.method, http__route=route, http__response__status_code=status)
    house.counters.count(route, status, took)
    house.log.tell("request", method=request.method, route=route, status=status, seconds=round(took, 4))
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    return response


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problems.response(error)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, MatteboxError)
    return problems.response(problems.of(error))


async def _nowhere(request: Request, error: Exception) -> Response:
    """No such route, or not that method of it: then Allow names those it has."""
    assert isinstance(error, HTTPException)
    code = {404: "no_such_place", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    remedy = "GET /openapi.json tells what there is"
    headers = dict(error.headers or {})
    if error.status_code == 405:
        found = (r.methods for r in request.app.routes if isinstance(r, Route) and r.path_regex.match(request.url.path))
        headers["Allow"] = ", ".join(sorted(set().union(*(methods or () for methods in found))))
    return problems.response(Problem(error.status_code, code, str(error.detail), remedy, headers))


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse(error.body(), error.status, error.headers)
