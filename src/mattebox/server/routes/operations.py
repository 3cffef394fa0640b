"""What surrounds the API: is it alive, is it ready, its counters; and the page's files, each named."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from mattebox.server.state import get_state

PAGE_FOLDER = Path(__file__).parents[1] / "page"
MIME_BY_SUFFIX = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def check_liveness() -> Response:
    return PlainTextResponse("ok")


@router.get("/readyz")
async def check_readiness(request: Request) -> Response:
    house = get_state(request)
    yes = house.is_ready and not house.is_stopping
    return PlainTextResponse("ready" if yes else "not ready", 200 if yes else 503)


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    house = get_state(request)
    return PlainTextResponse(
        house.metrics.to_prometheus_text(house.worker_pool.pixels_in_flight, house.worker_pool.restarts)
    )


def create_page_router() -> APIRouter:
    """The page: nothing else that may lie in its folder is served."""
    files = APIRouter(include_in_schema=False)
    files.add_api_route("/", _file_endpoint(PAGE_FOLDER / "index.html"))
    for file in sorted(PAGE_FOLDER.iterdir()):
        if file.suffix in MIME_BY_SUFFIX:
            files.add_api_route(f"/page/{file.name}", _file_endpoint(file))
    return files


def _file_endpoint(file: Path):  # type: ignore[no-untyped-def]
    """Asked for each time, since another version of the server may have another, but sent only to those without it."""

    def send(request: Request) -> Response:  # in a thread, since it reads a file
        body = file.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache", "ETag": tag}
        known = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
        if tag in known:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=MIME_BY_SUFFIX[file.suffix], headers=headers)

    return send
