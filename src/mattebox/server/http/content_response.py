"""Responses whose body is in the buffer, sent a chunk at a time: as it is, or as base64 inside JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mattebox.server.content_buffer import Content

BASE64_PLACEHOLDER = "\N{REPLACEMENT CHARACTER}base64\N{REPLACEMENT CHARACTER}"


class ContentResponse(Response):
    """The bytes of a file, which is closed once they are sent."""

    def __init__(self, content: Content, media_type: str, headers: Mapping[str, str]) -> None:
        self.content = content
        length = {"Content-Length": str(self.body_length())}
        super().__init__(headers={**headers, **length}, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self.iter_body():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        self.content.file.close()

    def body_length(self) -> int:
        """Length of the body."""
        return len(self.content)

    def iter_body(self) -> AsyncIterator[bytes]:
        """The body in pieces."""
        return self.content.stream_chunks()


class Base64JsonResponse(ContentResponse):
    """A JSON document in which BASE64_PLACEHOLDER stands for the file as base64."""

    def __init__(self, document: Any, content: Content, headers: Mapping[str, str]) -> None:
        before, _, after = json.dumps(document, ensure_ascii=False).partition(BASE64_PLACEHOLDER)
        self.before, self.after = before.encode(), after.encode()
        super().__init__(content, "application/json", headers)

    def body_length(self) -> int:
        return len(self.before) + (len(self.content) + 2) // 3 * 4 + len(self.after)

    async def iter_body(self) -> AsyncIterator[bytes]:
        yield self.before
        async for chunk in self.content.stream_chunks():
            yield base64.b64encode(chunk)
        yield self.after
