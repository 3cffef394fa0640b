"""Source pictures of requests: sent with them, sent before, or downloaded; and their pixel count from the header."""

from __future__ import annotations

from typing import Any, NamedTuple

from mattebox.errors import InputUnreadable
from mattebox.io import header_check, url_fetch
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.fields import pop_text_field
from mattebox.server.http.problems import Problem
from mattebox.server.photograph_store import StoredPhotograph
from mattebox.server.state import AppState


class Source(NamedTuple):
    """The picture of a request, and the stored photograph that it is, if it was sent before."""

    picture: EncodedPicture
    photograph: StoredPhotograph | None = None


async def take_source(
    state: AppState, caller: str, fields: dict[str, Any], images: dict[str, EncodedPicture]
) -> Source:
    """Remove the source picture from the images or fields of a request: the file, its base64, its id or its URL."""
    sources = [Source(images.pop(name)) for name in ("image", "image_b64") if name in images]
    url, photograph_id = pop_text_field(fields, "image_url"), pop_text_field(fields, "image_id")
    count = len(sources) + (url is not None) + (photograph_id is not None)
    if count != 1:
        problem = "no picture was sent" if count == 0 else f"{count} pictures were sent"
        raise Problem(422, "image_missing", problem, "send one, as the field `image` or as the request's body")
    if photograph_id is not None:
        photograph = state.photographs.find(caller, photograph_id)
        return Source(photograph.picture, photograph)
    return sources[0] if url is None else Source(await fetch_picture(state, caller, url))


def count_pixels(source: EncodedPicture, max_pixels: int) -> int:
    """Width x height from the header; 0 for what is not a picture, which is refused later. InputTooLarge."""
    try:
        return source.count_pixels(max_pixels)
    except header_check.UnknownFormat:
        return 0


def check_body_prefix(content_type: str, max_pixels: int, prefix: bytes) -> None:
    """Refuse a picture that is too large by the first bytes of the body, before the rest arrives. InputTooLarge."""
    if content_type.lower().startswith("multipart/"):
        file_part = prefix.find(b"filename=")
        start = prefix.find(b"\r\n\r\n", file_part) + 4 if file_part >= 0 else len(prefix)
        prefix = prefix[start:]
    try:
        header = header_check.read_header(prefix)
    except InputUnreadable:  # no picture, or the size stands further on
        return
    header_check.check_pixel_limit(header, max_pixels)


async def fetch_picture(state: AppState, caller: str, url: str) -> EncodedPicture:
    """Download a picture, where the settings allow it. MatteboxError; Problem 422 when downloads are off."""
    if not state.settings.urls:
        raise Problem(422, "urls_off", "addresses of pictures are off on this server", "send the picture itself")

    def fetch() -> EncodedPicture:
        return EncodedPicture(state.buffer.store(url_fetch.fetch_url(url, state.settings.fetch_policy())))

    return await state.fetch_threads.run(caller, fetch)
