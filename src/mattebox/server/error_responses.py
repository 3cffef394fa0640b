"""Error responses in the format of the API that was called: problem documents, or remove.bg's errors."""

from __future__ import annotations

from starlette.responses import Response

from mattebox.server.http.problems import Problem
from mattebox.server.removebg.errors import RemovebgError

REMOVEBG_PREFIX = "/v1.0"


def error_response(path: str, problem: Problem) -> Response:
    """The response that reports a problem to a client of this path."""
    if path == REMOVEBG_PREFIX or path.startswith(f"{REMOVEBG_PREFIX}/"):
        return RemovebgError.from_problem(problem).to_response()
    return problem.to_response()
