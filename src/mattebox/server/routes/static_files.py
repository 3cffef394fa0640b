"""Static files of the web page, with a content security policy, ETags, and isolation from other origins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from mattebox.server.page_files.listing import INDEX, POLICY, PageFile, list_page_files
from mattebox.server.page_files.network import decompress, load_network

PAGE_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",  # with the next, the page may use threads
    "Cross-Origin-Embedder-Policy": "require-corp",
}
CACHE_ALWAYS_ASKING, CACHE_FOR_EVER = "no-cache", "public, max-age=31536000, immutable"


def create_page_router() -> APIRouter:
    """One route per file of the page; nothing else in its folder is served."""
    router = APIRouter(include_in_schema=False)
    for path, file in list_page_files(load_network(), has_server=True).items():
        router.add_api_route("/" if path == INDEX else f"/{path}", _file_endpoint(file))
    return router


def _file_endpoint(file: PageFile) -> Callable[[Request], Response]:
    """An endpoint that sends a file, or 304 to a client that has this version of it."""
    tag = f'"{hashlib.sha256(file.content).hexdigest()[:32]}"'
    cache = CACHE_FOR_EVER if file.is_permanent else CACHE_ALWAYS_ASKING
    headers = PAGE_HEADERS | {"Cache-Control": cache, "ETag": tag}

    def send_file(request: Request) -> Response:  # not a coroutine: it may decompress, so FastAPI runs it in a thread
        cached_tags = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
        if tag in cached_tags:
            return Response(status_code=304, headers=headers)
        if not file.is_compressed:
            return Response(file.content, media_type=file.media_type, headers=headers)
        own_headers = headers | {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            own_headers["Content-Encoding"] = "gzip"
            return Response(file.content, media_type=file.media_type, headers=own_headers)
        return Response(decompress(file.content), media_type=file.media_type, headers=own_headers)

    return send_file
