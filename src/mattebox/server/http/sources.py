"""Source pictures of requests: their pixel count from the header alone, and downloads from URLs."""

from __future__ import annotations

from mattebox.errors import InputUnreadable
from mattebox.io import header_check, url_fetch
from mattebox.server.http.encoded_picture import EncodedPicture
from mattebox.server.http.problems import Problem
from mattebox.server.state import AppState


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
