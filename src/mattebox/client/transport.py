"""One request to a mattebox server and its answer, over HTTP; problem documents become our own errors.

Standard library only. Knows nothing of what is asked.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mattebox import errors
from mattebox._version import __version__
from mattebox.errors import MatteboxError

ERRORS_BY_CODE: dict[str, type[MatteboxError]] = {  # the server's codes as our errors
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
RETRY_STATUSES = (409, 429, 503)  # come again, where Retry-After says when


@dataclass(frozen=True)
class ServerResponse:
    """Status, headers (lower case) and body; `retry_after_seconds`: seconds after which to ask again, where that is the answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after_seconds: float | None = None

    def json(self) -> dict[str, Any]:
        """The body as JSON. MatteboxError when it is none."""
        try:
            found: dict[str, Any] = json.loads(self.body)
        except ValueError:
            raise _unexpected_response(self.status) from None
        return found


@dataclass(frozen=True)
class Transport:
    """The way to one server."""

    url: str
    api_key: str | None
    timeout_seconds: float

    def send_request(
        self, method: str, path: str, payload: tuple[str, bytes], headers: Mapping[str, str]
    ) -> ServerResponse:
        """An answer that is no error. `payload`: Content-Type and body. MatteboxError, and what the answer says."""
        kind, body = payload
        told = {"User-Agent": f"mattebox/{__version__}"} | ({"Content-Type": kind} if kind else {}) | dict(headers)
        told |= {"X-API-Key": self.api_key} if self.api_key else {}
        request = urllib.request.Request(self.url + path, body or None, told, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:
                found = {name.lower(): value for name, value in answer.headers.items()}
                return self._check_response(ServerResponse(answer.status, found, answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return _retry_or_raise(error.code, error.headers.get("Retry-After"), error.read())
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise MatteboxError(
                f"{self.url} cannot be reached ({reason})", "is `mattebox serve` running there?"
            ) from error

    @staticmethod
    def _check_response(response: ServerResponse) -> ServerResponse:
        """A picture comes with what is known of it."""
        kind = response.headers.get("content-type", "")
        if response.status == 200 and kind != "application/json" and "x-made" not in response.headers:
            raise _unexpected_response(response.status)
        return response


def encode_multipart(fields: Mapping[str, Any], images: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Content-Type and body of a multipart form (RFC 7578); fields that are None are left out."""
    mark = uuid.uuid4().hex

    def parts() -> Iterator[bytes]:
        for name, value in fields.items():
            if value is None:
                continue
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, content in images.items():
            yield f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="image"\r\n\r\n'.encode()
            yield content
            yield b"\r\n"
        yield f"--{mark}--\r\n".encode()

    return f"multipart/form-data; boundary={mark}", b"".join(parts())


def _retry_or_raise(status: int, retry_after: str | None, body: bytes) -> ServerResponse:
    """The seconds to wait, where the server says so, or something before it that is none of ours. Else the error."""
    error, code = _parse_problem(status, body)
    if status in RETRY_STATUSES and (retry_after or not code):
        return ServerResponse(status, {}, body, float(retry_after or 2))
    raise error


def _parse_problem(status: int, body: bytes) -> tuple[MatteboxError, str]:
    """A problem document as our error, and its code."""
    try:
        told = json.loads(body)
        return ERRORS_BY_CODE.get(told["code"], MatteboxError)(told["detail"], told["remedy"]), str(told["code"])
    except (ValueError, KeyError, TypeError):
        return _unexpected_response(status), ""


def _unexpected_response(status: int) -> MatteboxError:
    return MatteboxError(f"the server answered {status}", "is it a mattebox server?")
