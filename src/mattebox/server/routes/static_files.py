"""Static files of the web page, with a content security policy and ETags."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, Request, Response

PAGE_FOLDER = Path(__file__).parents[1] / "page"
MIME_BY_SUFFIX = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def create_page_router() -> APIRouter:
    """One route per file of the page; nothing else in its folder is served."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/", _file_endpoint(PAGE_FOLDER / "index.html"))
    for file in sorted(PAGE_FOLDER.iterdir()):
        if file.suffix in MIME_BY_SUFFIX:
            router.add_api_route(f"/page/{file.name}", _file_endpoint(file))
    return router


def _file_endpoint(file: Path) -> Callable[[Request], Response]:
    """An endpoint that sends a file, or 304 to a client that has this version of it."""

    def send_file(request: Request) -> Response:  # not a coroutine: it reads a file, so FastAPI runs it in a thread
        body = file.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache", "ETag": tag}
        cached_tags = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
        if tag in cached_tags:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=MIME_BY_SUFFIX[file.suffix], headers=headers)

    return send_file
