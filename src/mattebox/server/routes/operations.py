"""What surrounds the API: is it alive, is it ready, its counters; and the page's files, each named."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from mattebox.server.state import house_of

PAGE = Path(__file__).parents[1] / "page"
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def alive() -> Response:
    return PlainTextResponse("ok")


@router.get("/readyz")
async def ready(request: Request) -> Response:
    house = house_of(request)
    yes = house.ready and not house.leaving
    return PlainTextResponse("ready" if yes else "not ready", 200 if yes else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    house = house_of(request)
    return PlainTextResponse(house.counters.text(house.crew.pixels, house.crew.restarts))


def page() -> APIRouter:
    """The page: nothing else that may lie in its folder is served."""
    files = APIRouter(include_in_schema=False)
    files.add_api_route("/", _sender(PAGE / "index.html"))
    for file in sorted(PAGE.iterdir()):
        if file.suffix in KINDS:
            files.add_api_route(f"/page/{file.name}", _sender(file))
    return files


def _sender(file: Path):  # type: ignore[no-untyped-def]
    """Asked for each time, since another version of the server may have another, but sent only to those without it."""

    def send(request: Request) -> Response:  # in a thread, since it reads a file
        body = file.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "ETag": tag}
        known = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
        if tag in known:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=KINDS[file.suffix], headers=headers)

    return send
