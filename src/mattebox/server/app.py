"""The application: routes, errors as answers, and how it starts and stops."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException
from starlette.routing import Route

from mattebox._version import __version__
from mattebox.errors import MatteboxError
from mattebox.server.http import problems
from mattebox.server.http.middleware import Surround
from mattebox.server.http.problems import Problem
from mattebox.server.removebg_mapping import Refused
from mattebox.server.routes import jobs, operations, removebg, v1
from mattebox.server.settings import Settings
from mattebox.server.state import House


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

    app = FastAPI(title="mattebox", version=__version__, lifespan=life, openapi_url=None)
    app.state.house = house
    known = [Security(APIKeyHeader(name="X-API-Key", auto_error=False))] if house.access.asked_for else None
    app.include_router(operations.router)
    app.add_api_route("/openapi.json", _document(app), include_in_schema=False)
    if settings.role != "worker":
        for router in (v1.router, jobs.router):
            app.include_router(router, dependencies=known)
        app.include_router(removebg.router)
        if settings.page:
            app.include_router(operations.page())
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(MatteboxError, _ours)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _nowhere)
    app.add_middleware(Surround, house=house)
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


def _document(app: FastAPI) -> Callable[[], Awaitable[Response]]:
    """The OpenAPI document, made once."""
    written: list[bytes] = []

    async def send() -> Response:
        if not written:
            written.append(json.dumps(app.openapi()).encode())
        return Response(written[0], media_type="application/json")

    return send


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
