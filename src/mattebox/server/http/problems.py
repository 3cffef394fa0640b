"""Errors as problem documents (RFC 9457), each with a stable code and a remedy."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from mattebox.errors import MatteboxError

STATUS_BY_CODE = {  # HTTP status of each `MatteboxError.code`
    "invalid_parameter": 422,
    "words_not_understood": 422,
    "ambiguous_words": 422,
    "image_missing": 422,
    "image_unreadable": 422,
    "image_too_large": 413,
    "no_subject": 422,
    "too_much_marked": 422,
    "format_cannot_hold_result": 422,
    "model_unknown": 422,
    "device_missing": 503,
    "busy": 503,
    "took_too_long": 503,
    "worker_lost": 503,
    "address_refused": 422,
    "idempotency_key_reused": 422,
    "no_jobs": 503,
    "storage_full": 507,
    "queue_down": 503,
    "internal": 500,
}


class Problem(Exception):
    """An error response.

    Parameters
    ----------
    status
        HTTP status.
    code
        Stable name of the error, for programs.
    problem
        What went wrong.
    remedy
        What to do about it.
    headers
        Further response headers, such as Retry-After.
    """

    def __init__(
        self, status: int, code: str, problem: str, remedy: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(problem)
        self.status, self.code, self.problem, self.remedy = status, code, problem, remedy
        self.headers = headers or {}

    @classmethod
    def from_error(cls, error: MatteboxError) -> Problem:
        """The problem for a mattebox error, with Retry-After where the error has `retry_after`."""
        return cls(STATUS_BY_CODE.get(error.code, 500), error.code, error.problem, error.remedy, retry_headers(error))

    @classmethod
    def from_worker(cls, header: dict[str, Any]) -> Problem:
        """The problem for a worker's error response."""
        return cls(STATUS_BY_CODE.get(header["code"], 500), header["code"], header["problem"], header["remedy"])

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Problem:
        """The inverse of `to_fields`."""
        return cls(fields["status"], fields["code"], fields["problem"], fields["remedy"])

    def to_fields(self) -> dict[str, Any]:
        """Status, code, problem and remedy, as the outcome of a failed job stores them."""
        return {"status": self.status, "code": self.code, "problem": self.problem, "remedy": self.remedy}

    def to_document(self) -> dict[str, Any]:
        """The members of RFC 9457, and `code` and `remedy`."""
        return {
            "type": f"about:blank#{self.code}",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "code": self.code,
            "detail": self.problem,
            "remedy": self.remedy,
        }

    def to_response(self) -> Response:
        """An application/problem+json response."""
        return Response(json.dumps(self.to_document()), self.status, self.headers, "application/problem+json")


def retry_headers(error: MatteboxError) -> dict[str, str]:
    """Retry-After where the error says in how many seconds another attempt may succeed."""
    seconds = getattr(error, "retry_after", None)
    return {"Retry-After": str(seconds)} if seconds else {}
