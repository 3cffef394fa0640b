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
    from mattebox.jobs.manager import Status

NOT_MADE = {"state", "finished", "error", "stored_as"}  # what an outcome tells beside the picture


def described(status: Status) -> dict[str, Any]:
    """A job as JSON: progress is 0 while queued, below 1 while running, 1 when over."""
    outcome, link = status.outcome, f"/v1/jobs/{status.name}"
    made = {n: v for n, v in outcome.items() if n not in NOT_MADE}
    error = outcome.get("error")
    problem = Problem(error["status"], error["code"], error["problem"], error["remedy"]) if error else None
    return {
        "id": status.name,
        "state": status.state,
        "progress": status.share,
        "attempts": status.attempts,
        "created": _when(status.created),
        "finished": _when(outcome["finished"]) if outcome else None,
        "links": {"self": link, "events": f"{link}/events"}
        | ({"result": f"{link}/result"} if status.state == "done" else {}),
        "made": made or None,
        "error": problems.document(problem) if problem else None,
    }


def headers(made: dict[str, Any]) -> dict[str, str]:
    """What is known of a result, as the headers it comes with: all of it as JSON, and what many look for by itself."""
    known = {n: v for n, v in made.items() if n not in NOT_MADE}
    told = {"X-Width": str(made["width"]), "X-Height": str(made["height"]), "X-Made": json.dumps(known)}
    if "confidence" in made:
        told |= {"X-Confidence": str(made["confidence"]), "X-Box": " ".join(map(str, made["box"]))}
    if "check" in made:
        told["X-Check"] = json.dumps(made["check"])
    return told


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
