"""Media types of request bodies."""

from __future__ import annotations

from starlette.requests import Request

from mattebox.server.http.problems import Problem

MULTIPART_TYPE = "multipart/form-data"
FORM_TYPES = (MULTIPART_TYPE, "application/x-www-form-urlencoded")
JSON_TYPE = "application/json"
BARE_PICTURE_TYPES = ("", "application/octet-stream")


def parse_media_type(request: Request, *, takes_video: bool = False) -> str:
    """The media type of a request's body in lower case, without parameters; "" where none is stated.

    Raises
    ------
    Problem
        415 for a body that is no form, JSON or picture. Text is among those: a foreign web page may send it without
        asking first.
    """
    bare_kind = "video/" if takes_video else "image/"
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type.startswith(bare_kind) or media_type in (*FORM_TYPES, JSON_TYPE, *BARE_PICTURE_TYPES):
        return media_type
    raise Problem(
        415,
        "media_type_unsupported",
        "the body is not sent as a picture, a form or JSON",
        "send a form (multipart/form-data), JSON, or the file itself as application/octet-stream",
    )
