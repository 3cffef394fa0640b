"""Errors as RFC 9457 problem documents, each with a stable code and the remedy. Knows our errors and HTTP's numbers."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from mattebox.errors import MatteboxError

KINDS: dict[str, tuple[int, str]] = {  # class of ours -> status, code
    "UsageError": (422, "invalid_parameter"),
    "InputMissing": (422, "image_missing"),
    "InputUnreadable": (422, "image_unreadable"),
    "InputTooLarge": (413, "image_too_large"),
    "NoSubject": (422, "no_subject"),
    "OutputError": (422, "format_cannot_hold_result"),
    "ModelError": (422, "model_unknown"),
    "DeviceError": (503, "device_missing"),
    "OutOfMemory": (413, "image_too_large"),
    "Busy": (503, "busy"),
    "TookTooLong": (504, "took_too_long"),
    "WorkerLost": (500, "worker_lost"),
    "AddressRefused": (422, "address_refused"),
    "KeyReused": (422, "idempotency_key_reused"),
    "InUse": (503, "no_jobs"),
    "NoRoom": (507, "storage_full"),
    "QueueDown": (503, "queue_down"),
    "Unsealable": (500, "internal"),
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


def of(error: MatteboxError) -> Problem:
    """One of our errors as a problem."""
    name = next((c.__name__ for c in type(error).__mro__ if c.__name__ in KINDS), "Internal")
    status, code = KINDS[name]
    wait = getattr(error, "retry_after", None)
    return Problem(status, code, error.problem, error.remedy, {"Retry-After": str(wait)} if wait else None)


def told(answer: dict[str, Any]) -> Problem:
    """A worker's refusal as a problem."""
    status, code = KINDS.get(answer["error"], KINDS["Internal"])
    return Problem(status, code, answer["problem"], answer["remedy"])


def response(problem: Problem) -> Response:
    """application/problem+json."""
    return Response(json.dumps(document(problem)), problem.status, problem.headers, "application/problem+json")


def document(problem: Problem) -> dict[str, Any]:
    """RFC 9457's members, and ours."""
    return {
        "type": f"about:blank#{problem.code}",
        "title": problem.code.replace("_", " "),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.problem,
        "remedy": problem.remedy,
    }
