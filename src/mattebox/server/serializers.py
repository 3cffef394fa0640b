"""A job as JSON: what GET tells, server-sent events carry and web hooks bring; and a result as headers. Holds no
picture.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mattebox.server.http import problems
from mattebox.server.http.problems import Problem

if TYPE_CHECKING:
    from mattebox.jobs.manager import JobStatus

NON_RESULT_FIELDS = {"state", "finished", "error", "stored_as"}  # what an outcome tells beside the picture


def serialize_job(status: JobStatus) -> dict[str, Any]:
    """A job as JSON: progress is 0 while queued, below 1 while running, 1 when over."""
    outcome, link = status.outcome, f"/v1/jobs/{status.job_id}"
    made = {n: v for n, v in outcome.items() if n not in NON_RESULT_FIELDS}
    error = outcome.get("error")
    problem = Problem(error["status"], error["code"], error["problem"], error["remedy"]) if error else None
    return {
        "id": status.job_id,
        "state": status.state,
        "progress": status.progress,
        "attempts": status.attempts,
        "created": _iso_time(status.created_at),
        "finished": _iso_time(outcome["finished"]) if outcome else None,
        "links": {"self": link, "events": f"{link}/events"}
        | ({"result": f"{link}/result"} if status.state == "done" else {}),
        "made": made or None,
        "error": problems.problem_document(problem) if problem else None,
    }


def result_headers(metadata: dict[str, Any]) -> dict[str, str]:
    """What is known of a result, as the headers it comes with: all of it as JSON, and what many look for by itself."""
    known = {n: v for n, v in metadata.items() if n not in NON_RESULT_FIELDS}
    told = {"X-Width": str(metadata["width"]), "X-Height": str(metadata["height"]), "X-Made": json.dumps(known)}
    if "confidence" in metadata:
        told |= {"X-Confidence": str(metadata["confidence"]), "X-Box": " ".join(map(str, metadata["box"]))}
    if "check" in metadata:
        told["X-Check"] = json.dumps(metadata["check"])
    return told


def _iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
