"""A mattebox server from Python: the same parameters as `mb.cut`, the picture's bytes back, our own errors.

    client = mattebox.Client("http://127.0.0.1:7100", key="...")
    client.cut("photo.jpg", background="white", format="jpg").save("white.jpg")

Standard library only. A busy server is asked again as it says. Knows nothing of how pictures are made.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Unpack

from mattebox import errors
from mattebox.api import Parameters
from mattebox.errors import MatteboxError
from mattebox.io.atomic import write_bytes
from mattebox.io.sources import read_bytes

Source = str | os.PathLike[str] | bytes | BinaryIO

KINDS: dict[str, type[MatteboxError]] = {  # the server's codes as our errors
    "invalid_parameter": errors.UsageError,
    "invalid_recipe": errors.UsageError,
    "image_missing": errors.InputMissing,
    "image_unreadable": errors.InputUnreadable,
    "image_too_large": errors.InputTooLarge,
    "upload_too_large": errors.InputTooLarge,
    "no_subject": errors.NoSubject,
    "format_cannot_hold_result": errors.OutputError,
    "model_unknown": errors.ModelError,
    "device_missing": errors.DeviceError,
}


@dataclass(frozen=True)
class Made:
    """What a server made: the file's bytes, its MIME type, size in pixels, and the matte's confidence and box."""

    content: bytes
    mime: str
    width: int
    height: int
    confidence: float | None = None
    box: tuple[int, ...] | None = None

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the file, whole or not at all. OutputError."""
        write_bytes(Path(path), self.content, overwrite=overwrite)


class Client:
    """One server. `patience`: seconds in all that a busy one is waited for; `timeout`: for one answer."""

    def __init__(self, url: str, key: str | None = None, *, patience: float = 60, timeout: float = 120) -> None:
        self.url, self.key, self.patience, self.timeout = url.rstrip("/"), key, patience, timeout

    def cut(self, source: Source, *, preset: str | None = None, **parameters: Unpack[Parameters]) -> Made:
        """Cut out a photograph there. The parameters are those of `mattebox.cut`; `preset` names a recipe.

        Raises what `mattebox.cut` would, and MatteboxError when the server cannot be reached or is too busy.
        """
        fields: dict[str, Any] = dict(parameters) | ({"preset": preset} if preset else {})
        kind, body = _form(fields, read_bytes(source))
        headers = {"Content-Type": kind, "User-Agent": "mattebox"} | ({"X-API-Key": self.key} if self.key else {})
        end = time.monotonic() + self.patience
        while True:
            answer = self._asked(urllib.request.Request(f"{self.url}/v1/cutouts", body, headers))
            if isinstance(answer, Made):
                return answer
            if time.monotonic() + answer > end:
                raise MatteboxError(f"{self.url} is busy", "try again later, or give more patience=")
            time.sleep(answer)

    async def acut(self, source: Source, *, preset: str | None = None, **parameters: Unpack[Parameters]) -> Made:
        """`cut`, in a thread, for asynchronous programs."""
        return await asyncio.to_thread(lambda: self.cut(source, preset=preset, **parameters))

    def _asked(self, request: urllib.request.Request) -> Made | float:
        """The answer, or the seconds after which to ask again."""
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return _made(answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (429, 503):
                    return float(error.headers.get("Retry-After") or 2)
                raise _ours(error.code, error.read()) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise MatteboxError(
                f"{self.url} cannot be reached ({reason})", "is `mattebox serve` running there?"
            ) from error


def _form(fields: dict[str, Any], image: bytes) -> tuple[str, bytes]:
    """Content-Type and body of a multipart form (RFC 7578)."""
    mark = uuid.uuid4().hex

    def parts() -> Iterator[bytes]:
        for name, value in fields.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        yield f'--{mark}\r\nContent-Disposition: form-data; name="image"; filename="image"\r\n\r\n'.encode()
        yield image
        yield f"\r\n--{mark}--\r\n".encode()

    return f"multipart/form-data; boundary={mark}", b"".join(parts())


def _made(content: bytes, headers: Any) -> Made:
    confidence, box = headers.get("X-Confidence"), headers.get("X-Box")
    return Made(
        content,
        headers.get_content_type(),
        int(headers["X-Width"]),
        int(headers["X-Height"]),
        None if confidence is None else float(confidence),
        None if box is None else tuple(int(v) for v in box.split()),
    )


def _ours(status: int, body: bytes) -> MatteboxError:
    """A problem document as our error."""
    try:
        told = json.loads(body)
        return KINDS.get(told["code"], MatteboxError)(told["detail"], told["remedy"])
    except (ValueError, KeyError, TypeError):
        return MatteboxError(f"the server answered {status}", "is it a mattebox server?")
