"""Reading requests: fields and pictures from multipart, urlencoded or JSON bodies, or a bare picture.

Bodies are received into the buffer and parsed in one thread, one at a time and by turns of their callers, so that
neither the event loop, nor the memory, nor other callers notice how large or how odd they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.requests import Request

from mattebox.server.auth import name_sharer
from mattebox.server.content_buffer import Content, ContentBuffer
from mattebox.server.http.base64_decoding import decode_base64, iter_pieces
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.json_body import parse_json_fields, parse_json_value, string_bytes
from mattebox.server.http.media_types import FORM_TYPES, JSON_TYPE, MULTIPART_TYPE, parse_media_type
from mattebox.server.http.multipart import decode_text, iter_parts
from mattebox.server.http.percent_encoding import unquote_pieces
from mattebox.server.http.problems import Problem
from mattebox.server.http.sources import check_body_prefix
from mattebox.server.state import AppState

MAX_FORM_FIELDS, MAX_FORM_FILES = 200, 16
MAX_CLIP_FORM_FILES = 128  # the key frames of a clip among them
MAX_FIELD_CHARACTERS = 20_000  # of a field without a picture
VIDEO_FIELD = "video"  # of a file that is a clip, where a route takes one
BASE64_SUFFIX = "_b64"  # of fields that hold a picture as text
SOURCE_NAMES = ("image", "image_file", "image_b64", "image_file_b64")


@dataclass(frozen=True)
class RequestData:
    """Plain fields, pictures and clips by name; pictures sent as base64 are among them by the name of their field.
    `sharer`: whose share of threads they take."""

    fields: dict[str, Any] = field(default_factory=dict)
    images: dict[str, EncodedPicture] = field(default_factory=dict)
    videos: dict[str, Content] = field(default_factory=dict)
    sharer: str = ""


@asynccontextmanager
async def receive_request(
    state: AppState, request: Request, max_bytes: int, *, takes_video: bool = False
) -> AsyncIterator[RequestData]:
    """Admit, read and parse a request. Its upload slot is held until the context is left. With `takes_video`, a file
    `video` and a bare body are clips.

    Raises
    ------
    Problem
        The body is too long, too slow or malformed, or there are too many uploads.
    InputTooLarge
        The first bytes show that the picture has too many pixels.
    BufferUnavailable
        The disk does not take the body.
    """
    media_type = parse_media_type(request, takes_video=takes_video)
    max_pixels, sharer = state.settings.max_pixels, name_sharer(state.access, request)

    async def check_prefix(prefix: bytes) -> None:
        content_type = request.headers.get("content-type", "")
        await state.parsing_thread.run(sharer, partial(check_body_prefix, content_type, max_pixels, prefix))

    async with state.upload_limiter.admit(request, max_bytes) as upload:
        # No local variable: it would keep the body for as long as the context is open.
        yield await state.parsing_thread.run(
            sharer,
            partial(
                parse_body,
                await state.upload_limiter.read_body(request, upload, max_bytes, check_prefix),
                media_type,
                request,
                state.buffer,
                sharer,
                takes_video=takes_video,
            ),
        )


def parse_body(
    body: Content,
    media_type: str,
    request: Request,
    buffer: ContentBuffer,
    sharer: str = "",
    *,
    takes_video: bool = False,
) -> RequestData:
    """Fields and pictures of a request. Query parameters count as fields; those of the body take precedence."""
    data = RequestData(sharer=sharer)
    for name, text in request.query_params.multi_items():
        _add_text(data, name, text.encode(), buffer)
    if media_type == MULTIPART_TYPE:
        _parse_multipart(data, body, request.headers["content-type"], buffer, takes_video)
    elif media_type in FORM_TYPES:
        _parse_urlencoded(data, body.read(), buffer)
    elif media_type == JSON_TYPE:
        _parse_json(data, body.read(), buffer)
    elif takes_video:
        data.videos[VIDEO_FIELD] = body
    elif len(body):
        data.images["image"] = EncodedPicture(body)
    return data


def _parse_multipart(
    data: RequestData, body: Content, content_type: str, buffer: ContentBuffer, takes_video: bool
) -> None:
    file_count = field_count = 0
    for part in iter_parts(body, content_type):
        file_count, field_count = file_count + part.is_file, field_count + (not part.is_file)
        _check_counts(file_count, field_count, MAX_CLIP_FORM_FILES if takes_video else MAX_FORM_FILES)
        if part.is_file and takes_video and part.name == VIDEO_FIELD:
            data.videos[part.name] = part.content
        elif part.is_file:
            data.images[part.name] = EncodedPicture(part.content, _picture_name(part.name))
        elif part.name.endswith(BASE64_SUFFIX):
            _add_base64(data, part.name, part.content, buffer)
        else:
            _check_length(part.name, len(part.content))
            data.fields[part.name] = decode_text(part.content.read())


def _parse_urlencoded(data: RequestData, body: bytes, buffer: ContentBuffer) -> None:
    _check_counts(0, body.count(b"&") + 1 if body else 0)
    start = 0
    while start < len(body):
        end = body.find(b"&", start)
        end = end if end >= 0 else len(body)
        equals = body.find(b"=", start, end)
        name_end = equals if equals >= 0 else end
        _check_length("a field's name", name_end - start)
        name = decode_text(b"".join(unquote_pieces(memoryview(body)[start:name_end])))
        if name:
            _add_text(data, name, memoryview(body)[name_end + 1 : end], buffer, is_quoted=True)
        start = end + 1


def _parse_json(data: RequestData, body: bytes, buffer: ContentBuffer) -> None:
    for name, raw in parse_json_fields(body):
        if name.endswith(BASE64_SUFFIX):
            _add_base64(data, name, iter_pieces(string_bytes(name, raw)), buffer)
        else:
            data.fields[name] = parse_json_value(name, raw)


def _add_text(
    data: RequestData, name: str, value: bytes | memoryview, buffer: ContentBuffer, *, is_quoted: bool = False
) -> None:
    """Add a field of a query or of an urlencoded form."""
    pieces = unquote_pieces(value) if is_quoted else iter_pieces(value)
    if name.endswith(BASE64_SUFFIX):
        _add_base64(data, name, pieces, buffer)
    else:
        _check_length(name, len(value))
        data.fields[name] = decode_text(b"".join(pieces))


def _add_base64(data: RequestData, name: str, pieces: Iterable[bytes], buffer: ContentBuffer) -> None:
    content = decode_base64(pieces, buffer, name)
    if len(content):
        data.images[name] = EncodedPicture(content, _picture_name(name))


def _check_counts(files: int, fields: int, max_files: int = MAX_FORM_FILES) -> None:
    for count, limit, what in ((files, max_files, "files"), (fields, MAX_FORM_FIELDS, "fields")):
        if count > limit:
            problem = f"the form cannot be read (it has more than {limit} {what})"
            raise Problem(400, "bad_request", problem, "send fewer")


def _check_length(name: str, length: int) -> None:
    if length > MAX_FIELD_CHARACTERS:
        raise Problem(422, "invalid_parameter", f"{name[:40]} is too long", "send files as files")


def _picture_name(field_name: str) -> str:
    return "the picture" if field_name in SOURCE_NAMES else field_name[:40]
