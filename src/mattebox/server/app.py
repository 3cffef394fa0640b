"""The FastAPI application: routes, middleware, error handlers, start and stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException
from starlette.routing import Match

from mattebox._version import __version__
from mattebox.errors import MatteboxError
from mattebox.server.error_responses import error_response
from mattebox.server.http.middleware import RequestMiddleware
from mattebox.server.http.origin_guard import OriginGuard
from mattebox.server.http.problems import Problem
from mattebox.server.loop_delay import measure_loop_delay, prefer_event_loop
from mattebox.server.openapi.encoded_document import EncodedDocument
from mattebox.server.openapi.responses import PICTURE_HEADERS
from mattebox.server.removebg.errors import RemovebgError
from mattebox.server.removebg.headers import HEADER_NAMES
from mattebox.server.routes import (
    depths,
    health,
    jobs,
    mcp,
    photographs,
    plans,
    recipes,
    reference,
    removebg,
    static_files,
    v1,
    videos,
)
from mattebox.server.routes.shop_hooks import create_shop_router
from mattebox.server.settings import Settings, split_list
from mattebox.server.state import AppState, get_state
from mattebox.server.words.recipe_draft import translate_problem
from mattebox.server.workers.task_execution import import_pipeline

CODE_BY_STATUS = {404: "no_such_place", 405: "method_not_allowed"}  # of errors that routing raises
EXPOSED_HEADERS = [  # that scripts of other origins may read
    *("Location", "Retry-After", "ETag", "Preference-Applied", "Allow"),
    *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"),
    *(PICTURE_HEADERS | dict.fromkeys(HEADER_NAMES)),
]


def create_app(settings: Settings) -> FastAPI:
    """Create the application.

    Parameters
    ----------
    settings
        From `load_settings`.

    Returns
    -------
    FastAPI
        An ASGI application. Its state, an `AppState`, is `app.state.mattebox`.

    Raises
    ------
    UsageError
        For an unreadable key file, or traces without their packages.
    """
    state = AppState.from_settings(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await asyncio.gather(
                state.worker_pool.start(), asyncio.to_thread(import_pipeline), asyncio.to_thread(document.encode)
            )
        except MatteboxError as error:
            state.startup_error = error
            raise
        await state.job_service.resume_stored_jobs()
        sweep = asyncio.create_task(state.photographs.sweep_periodically())
        delay = asyncio.create_task(measure_loop_delay(state.metrics.loop_delay))
        state.is_ready = True
        with prefer_event_loop():
            yield
        state.is_ready = False
        sweep.cancel()
        delay.cancel()
        await state.job_service.close()
        await state.worker_pool.stop()
        await state.words.close()
        state.buffer.close()
        state.fetch_threads.close()
        state.job_threads.close()
        state.parsing_thread.close()
        state.usage.close()
        state.tracer.close()

    app = FastAPI(
        title="mattebox", version=__version__, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    app.state.mattebox = state
    document = EncodedDocument(app)
    _add_routes(app, state, document)
    app.add_exception_handler(Problem, _handle_problem)
    app.add_exception_handler(MatteboxError, _handle_mattebox_error)
    app.add_exception_handler(RemovebgError, _handle_removebg_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)
    app.add_middleware(OriginGuard, state=state)
    app.add_middleware(RequestMiddleware, state=state)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=split_list(settings.origins),
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=["X-API-Key", "Prefer", "Idempotency-Key", "If-None-Match"],
            expose_headers=EXPOSED_HEADERS,
        )
    return app


def _add_routes(app: FastAPI, state: AppState, document: EncodedDocument) -> None:
    app.include_router(health.router)
    app.add_api_route("/openapi.json", document.send, include_in_schema=False)
    if state.settings.role == "worker":
        return
    security = [Security(APIKeyHeader(name="X-API-Key", auto_error=False))] if state.access.requires_key else None
    for router in (
        v1.router,
        depths.router,
        videos.router,
        plans.router,
        recipes.router,
        photographs.router,
        jobs.router,
        removebg.router,
    ):
        app.include_router(router, dependencies=security)
    if (folders := state.settings.agent_folders()) is not None:
        app.include_router(mcp.create_mcp_router(folders), dependencies=security)
    app.include_router(create_shop_router(state.settings, state.access))
    app.include_router(reference.router)
    if state.settings.page:
        app.include_router(static_files.create_page_router())


async def _handle_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _error_response(request, await translate_problem(request, error))


async def _handle_mattebox_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, MatteboxError)
    return _error_response(request, await translate_problem(request, Problem.from_error(error)))


async def _handle_removebg_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RemovebgError)
    error.headers = _limit_headers(request) | error.headers
    return error.to_response()


async def _handle_http_exception(request: Request, error: Exception) -> Response:
    """Errors of routing: no such path, or not this method, in which case Allow names the path's methods."""
    assert isinstance(error, HTTPException)
    code = CODE_BY_STATUS.get(error.status_code, "bad_request")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    remedy = "see /docs for what there is"
    return _error_response(request, Problem(error.status_code, code, str(error.detail), remedy, headers))


def _allowed_methods(request: Request) -> list[str]:
    """The methods that a request's path has a route for. HEAD comes with GET."""
    has_route = {
        method: any(r.matches({**request.scope, "method": method})[0] is Match.FULL for r in request.app.routes)
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
    }
    return sorted(m for m in (*has_route, "HEAD") if has_route.get("GET" if m == "HEAD" else m))


def _error_response(request: Request, problem: Problem) -> Response:
    problem.headers = _limit_headers(request) | problem.headers
    return error_response(request.url.path, problem)


def _limit_headers(request: Request) -> dict[str, str]:
    """The headers that state the limits of a request's caller; none for an unknown caller."""
    state = get_state(request)
    caller = state.access.authenticate(request.headers.get("x-api-key"))
    return {} if caller is None else state.quota.limit_headers(caller)
