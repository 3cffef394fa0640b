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
from mattebox.server.http.middleware import RequestMiddleware
from mattebox.server.http.problems import Problem
from mattebox.server.removebg_mapping import RemovebgError
from mattebox.server.routes import jobs, operations, removebg, v1
from mattebox.server.settings import Settings
from mattebox.server.state import AppState


def create_app(settings: Settings) -> FastAPI:
    """The application for these settings."""
    house = AppState.from_settings(settings)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await house.worker_pool.start()
        await house.job_service.resume_stored_jobs()
        house.is_ready = True
        yield
        house.is_ready = False
        await house.job_service.close()
        await house.worker_pool.stop()
        house.usage.close()
        house.tracer.close()

    app = FastAPI(title="mattebox", version=__version__, lifespan=life, openapi_url=None)
    app.state.house = house
    known = [Security(APIKeyHeader(name="X-API-Key", auto_error=False))] if house.access.requires_key else None
    app.include_router(operations.router)
    app.add_api_route("/openapi.json", _openapi_endpoint(app), include_in_schema=False)
    if settings.role != "worker":
        for router in (v1.router, jobs.router):
            app.include_router(router, dependencies=known)
        app.include_router(removebg.router)
        if settings.page:
            app.include_router(operations.create_page_router())
    app.add_exception_handler(Problem, _handle_problem)
    app.add_exception_handler(MatteboxError, _handle_mattebox_error)
    app.add_exception_handler(RemovebgError, _handle_removebg_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)
    app.add_middleware(RequestMiddleware, state=house)
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


def _openapi_endpoint(app: FastAPI) -> Callable[[], Awaitable[Response]]:
    """The OpenAPI document, made once."""
    written: list[bytes] = []

    async def send() -> Response:
        if not written:
            written.append(json.dumps(app.openapi()).encode())
        return Response(written[0], media_type="application/json")

    return send


async def _handle_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problems.problem_response(error)


async def _handle_mattebox_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, MatteboxError)
    return problems.problem_response(problems.problem_from_error(error))


async def _handle_http_exception(request: Request, error: Exception) -> Response:
    """No such route, or not that method of it: then Allow names those it has."""
    assert isinstance(error, HTTPException)
    code = {404: "no_such_place", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    remedy = "GET /openapi.json tells what there is"
    headers = dict(error.headers or {})
    if error.status_code == 405:
        found = (r.methods for r in request.app.routes if isinstance(r, Route) and r.path_regex.match(request.url.path))
        headers["Allow"] = ", ".join(sorted(set().union(*(methods or () for methods in found))))
    return problems.problem_response(Problem(error.status_code, code, str(error.detail), remedy, headers))


async def _handle_removebg_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RemovebgError)
    return JSONResponse(error.body(), error.status, error.headers)
