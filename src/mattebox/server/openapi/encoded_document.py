"""The OpenAPI document as it is sent: encoded once, before the server takes requests."""

from __future__ import annotations

import json
from functools import cached_property

from fastapi import FastAPI, Response

from mattebox.server.openapi.document import openapi_document


class EncodedDocument:
    """The document of an application whose routes have all been added.

    It takes a tenth of a second of a processor, so that no request should wait for it.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def encode(self) -> None:
        """Encode it now; in a thread."""
        _ = self._content

    async def send(self) -> Response:
        """The document."""
        return Response(self._content, media_type="application/json")

    @cached_property
    def _content(self) -> bytes:
        """In pieces, as all at once keeps Python's lock, and so the event loop, for most of that time."""
        return b"".join(piece.encode() for piece in json.JSONEncoder().iterencode(openapi_document(self._app)))
