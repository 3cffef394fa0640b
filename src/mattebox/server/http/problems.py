"""Errors as RFC 9457 problem documents, each with a stable code and the remedy. Knows our errors and HTTP's numbers."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from mattebox.errors import MatteboxError

STATUS_AND_CODE_BY_ERROR: dict[str, tuple[int, str]] = {  # class of ours -> status, code
    "UsageError": (422, "invalid_parameter"),
    "InputMissing": (422, "image_missing"),
    "InputUnreadable": (422, "image_unreadable"),
    "InputTooLarge": (413, "image_too_large"),
    "NoSubject": (422, "no_subject"),
    "OutputError": (422, "format_cannot_hold_result"),
    "ModelError": (422, "model_unknown"),
    "DeviceError": (503, "device_missing"),
    "OutOfMemory": (413, "image_too_large"),
    "ServerBusy": (503, "busy"),
    "TaskTimeout": (504, "took_too_long"),
    "WorkerLost": (500, "worker_lost"),
    "AddressRefused": (422, "address_refused"),
    "IdempotencyKeyReused": (422, "idempotency_key_reused"),
    "JobFolderInUse": (503, "no_jobs"),
    "StorageFull": (507, "storage_full"),
    "QueueUnavailable": (503, "queue_down"),
    "DecryptionError": (500, "internal"),
    "Internal": (500, "internal"),
}


class Problem(Exception):
    """An answer that is a problem: `status`, stable `code`, what is wrong and what mends it."""

    def __init__(
        self, status: int, code: str, problem: str, remedy: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(problem)
        self.status, self.code, self.problem, self.remedy = status, code, problem, remedy
        self.headers = headers or {}


def problem_from_error(error: MatteboxError) -> Problem:
    """One of our errors as a problem."""
    name = next((c.__name__ for c in type(error).__mro__ if c.__name__ in STATUS_AND_CODE_BY_ERROR), "Internal")
    status, code = STATUS_AND_CODE_BY_ERROR[name]
    wait = getattr(error, "retry_after", None)
    return Problem(status, code, error.problem, error.remedy, {"Retry-After": str(wait)} if wait else None)


def problem_from_worker(header: dict[str, Any]) -> Problem:
    """A worker's refusal as a problem."""
    status, code = STATUS_AND_CODE_BY_ERROR.get(header["error"], STATUS_AND_CODE_BY_ERROR["Internal"])
    return Problem(status, code, header["problem"], header["remedy"])


def problem_response(problem: Problem) -> Response:
    """application/problem+json."""
    return Response(json.dumps(problem_document(problem)), problem.status, problem.headers, "application/problem+json")


def problem_document(problem: Problem) -> dict[str, Any]:
    """RFC 9457's members, and ours."""
    return {
        "type": f"about:blank#{problem.code}",
        "title": problem.code.replace("_", " "),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.problem,
        "remedy": problem.remedy,
    }
