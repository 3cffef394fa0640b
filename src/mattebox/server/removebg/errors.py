"""Errors in remove.bg's format and with its codes."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from mattebox.server.http.problems import Problem

STATUS_BY_CODE = {
    "auth_failed": 403,
    "insufficient_credits": 402,
    "rate_limit_exceeded": 429,
    "internal": 500,
    "busy": 503,
}
REMOVEBG_CODE_BY_CODE = {  # remove.bg's code for each problem that has one of its own there
    "no_subject": "unknown_foreground",
    "image_too_large": "resolution_too_high",
    "upload_too_large": "file_too_large",
    "media_type_unsupported": "invalid_file_type",
    "bad_request": "failed_to_read_image",
    "image_missing": "failed_to_read_image",
    "image_unreadable": "failed_to_read_image",
    "invalid_parameter": "failed_to_read_image",
    "format_cannot_hold_result": "failed_to_read_image",
    "quota_used_up": "insufficient_credits",
    "took_too_long": "busy",
    "worker_lost": "busy",
}


class RemovebgError(Exception):
    """An error response: `{"errors": [{"title", "code", "detail"}]}`."""

    def __init__(
        self,
        code: str,
        title: str,
        detail: str = "",
        headers: dict[str, str] | None = None,
        *,
        status: int | None = None,
    ) -> None:
        super().__init__(title)
        self.code, self.title, self.detail, self.headers = code, title, detail, headers or {}
        self.status = status or STATUS_BY_CODE.get(code, 400)

    @classmethod
    def from_problem(cls, problem: Problem) -> RemovebgError:
        """The error for a problem: with remove.bg's code where it has one, else with the problem's status and code."""
        code = REMOVEBG_CODE_BY_CODE.get(problem.code)
        status = problem.status if code is None else None
        return cls(code or problem.code, problem.problem, problem.remedy, problem.headers, status=status)

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error = {"title": self.title, "code": self.code} | ({"detail": self.detail} if self.detail else {})
        return {"errors": [error]}

    def to_response(self) -> Response:
        """A JSON response."""
        return JSONResponse(self.body(), self.status, self.headers)
