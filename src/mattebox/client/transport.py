"""HTTP transport of the client: sends a request, and raises problem documents (RFC 9457) as MatteboxError."""

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

ERRORS_BY_CODE: dict[str, type[MatteboxError]] = {  # codes of problem documents
    "invalid_parameter": errors.UsageError,
    "invalid_recipe": errors.UsageError,
    "words_not_understood": errors.UsageError,
    "image_missing": errors.InputMissing,
    "image_unreadable": errors.InputUnreadable,
    "image_too_large": errors.InputTooLarge,
    "upload_too_large": errors.InputTooLarge,
    "no_subject": errors.NoSubject,
    "format_cannot_hold_result": errors.OutputError,
    "model_unknown": errors.ModelError,
    "device_missing": errors.DeviceError,
}
RETRY_STATUSES = (409, 429, 503)  # to be repeated, where Retry-After says when


@dataclass(frozen=True)
class ServerResponse:
    """Status, headers (names in lower case) and body; `retry_after_seconds` where the request is to be repeated."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after_seconds: float | None = None

    def json(self) -> dict[str, Any]:
        """The body as JSON. MatteboxError when it is not JSON."""
        try:
            document: dict[str, Any] = json.loads(self.body)
        except ValueError:
            raise _unexpected_response(self.status) from None
        return document


@dataclass(frozen=True)
class Transport:
    """Sends requests to one server."""

    url: str
    api_key: str | None
    timeout_seconds: float

    def send_request(
        self, method: str, path: str, payload: tuple[str, bytes], headers: Mapping[str, str]
    ) -> ServerResponse:
        """Send a request with `payload` (Content-Type and body). Raises the error of a problem document, and
        MatteboxError when the server cannot be reached."""
        content_type, body = payload
        all_headers = {"User-Agent": f"mattebox/{__version__}"} | dict(headers)
        if content_type:
            all_headers["Content-Type"] = content_type
        if self.api_key:
            all_headers["X-API-Key"] = self.api_key
        request = urllib.request.Request(self.url + path, body or None, all_headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as response:
                received = {name.lower(): value for name, value in response.headers.items()}
                return self._check_response(ServerResponse(response.status, received, response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return _retry_or_raise(error.code, error.headers.get("Retry-After"), error.read())
        except MatteboxError:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise MatteboxError(
                f"{self.url} cannot be reached ({reason})", "is `mattebox serve` running there?"
            ) from error

    @staticmethod
    def _check_response(response: ServerResponse) -> ServerResponse:
        """The response, if a picture in it has its details. MatteboxError for a server of another kind."""
        content_type = response.headers.get("content-type", "")
        if response.status == 200 and content_type != "application/json" and "x-made" not in response.headers:
            raise _unexpected_response(response.status)
        return response


def encode_multipart(fields: Mapping[str, Any], images: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Content-Type and body of a multipart form (RFC 7578); fields that are None are left out."""
    boundary = uuid.uuid4().hex

    def parts() -> Iterator[bytes]:
        for name, value in fields.items():
            if value is None:
                continue
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, content in images.items():
            yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="image"\r\n\r\n'.encode()
            yield content
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    return f"multipart/form-data; boundary={boundary}", b"".join(parts())


def _retry_or_raise(status: int, retry_after: str | None, body: bytes) -> ServerResponse:
    """A response to retry, where the server or a proxy before it is busy; otherwise the error is raised."""
    error, code = _parse_problem(status, body)
    if status in RETRY_STATUSES and (retry_after or not code):
        return ServerResponse(status, {}, body, float(retry_after or 2))
    raise error


def _parse_problem(status: int, body: bytes) -> tuple[MatteboxError, str]:
    """The exception of a problem document, and its code; "" for any other body."""
    try:
        problem = json.loads(body)
        error = ERRORS_BY_CODE.get(problem["code"], MatteboxError)
        return error(problem["detail"], problem["remedy"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        return _unexpected_response(status), ""


def _unexpected_response(status: int) -> MatteboxError:
    return MatteboxError(f"the server answered {status}", "is it a mattebox server?")
