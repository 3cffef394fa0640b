"""Every error has a stable code with an HTTP status, and problems survive storage in a job."""

import importlib
import json

import pytest

from mattebox.errors import MatteboxError, NoSubject
from mattebox.server.http.problems import STATUS_BY_CODE, Problem
from mattebox.server.workers.task_queue import ServerBusy

MODULES = ("mattebox.io.url_fetch", "mattebox.jobs.manager", "mattebox.server.job_service")
NEVER_OVER_HTTP = {"shop_refused", "shop_unavailable"}  # shops are asked by the command line alone


def all_errors(base: type[MatteboxError] = MatteboxError) -> set[type[MatteboxError]]:
    return {base}.union(*(all_errors(each) for each in base.__subclasses__()))


def test_every_code_has_a_status() -> None:
    for module in MODULES:
        importlib.import_module(module)
    errors = [error for error in all_errors() if error.__module__.startswith("mattebox.")]
    assert {error.code for error in errors} - NEVER_OVER_HTTP == set(STATUS_BY_CODE)


@pytest.mark.parametrize(
    ("error", "status", "code", "headers"),
    [
        (NoSubject("nothing", "try another"), 422, "no_subject", {}),
        (ServerBusy("busy", 2), 503, "busy", {"Retry-After": "2"}),
    ],
)
def test_an_error_as_a_problem(error: MatteboxError, status: int, code: str, headers: dict[str, str]) -> None:
    problem = Problem.from_error(error)
    assert (problem.status, problem.code, problem.headers) == (status, code, headers)
    assert (problem.problem, problem.remedy) == (error.problem, error.remedy)


def test_fields_of_a_stored_problem() -> None:
    problem = Problem.from_worker({"code": "image_unreadable", "problem": "broken", "remedy": "send another"})
    stored = json.loads(json.dumps(problem.to_fields()))
    assert Problem.from_fields(stored).to_document() == {
        "type": "about:blank#image_unreadable",
        "title": "image unreadable",
        "status": 422,
        "code": "image_unreadable",
        "detail": "broken",
        "remedy": "send another",
    }
