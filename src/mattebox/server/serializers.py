"""JSON of jobs, as GET, server-sent events and web hooks carry it, and headers of results."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mattebox.server.http.problems import Problem

if TYPE_CHECKING:
    from mattebox.jobs.status import JobStatus

NON_RESULT_FIELDS = {"state", "finished", "error", "stored_as"}  # of an outcome, beside the result's metadata


def serialize_job(status: JobStatus) -> dict[str, Any]:
    """A job as JSON. `progress` is 0 while queued, below 1 while running and 1 when finished."""
    outcome, link = status.outcome, f"/v1/jobs/{status.job_id}"
    error = outcome.get("error")
    return {
        "id": status.job_id,
        "state": status.state,
        "progress": status.progress,
        "attempts": status.attempts,
        "created": _iso_time(status.created_at),
        "finished": _iso_time(outcome["finished"]) if outcome else None,
        "links": {"self": link, "events": f"{link}/events"}
        | ({"result": f"{link}/result"} if "stored_as" in outcome else {}),
        "made": _result_metadata(outcome) or None,
        "error": Problem.from_fields(error).to_document() if error else None,
    }


def result_headers(metadata: dict[str, Any]) -> dict[str, str]:
    """Response headers of a result: all its metadata as JSON, and the common fields each in a header of its own."""
    headers = {
        "X-Width": str(metadata["width"]),
        "X-Height": str(metadata["height"]),
        "X-Made": json.dumps(_result_metadata(metadata)),
    }
    if "confidence" in metadata:
        headers |= {"X-Confidence": str(metadata["confidence"]), "X-Found": str(metadata["found"]).lower()}
        headers["X-Box"] = " ".join(map(str, metadata["box"]))
    if "check" in metadata:
        headers["X-Check"] = json.dumps(metadata["check"])
    return headers


def _result_metadata(outcome: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in outcome.items() if name not in NON_RESULT_FIELDS}


def _iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
