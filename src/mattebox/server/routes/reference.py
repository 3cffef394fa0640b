"""Routes of the reference page: /docs and its style sheet."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from mattebox.server.openapi.document import openapi_document
from mattebox.server.reference.page import render_page

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def get_reference(request: Request) -> Response:
    """The reference of the API as a page."""
    return HTMLResponse(render_page(openapi_document(request.app), str(request.base_url)), headers=HEADERS)


@router.get("/docs/reference.css")
def get_style_sheet() -> Response:
    """The style sheet of the reference."""
    style = files("mattebox.server.reference").joinpath("reference.css").read_bytes()
    return Response(style, media_type="text/css", headers=HEADERS)
