"""API and worker as two servers on one Postgres: one accepts jobs, the other runs them; usage is added up."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.server.settings import load_settings
from tests.jobs.test_postgres import address as address
from tests.jobs.test_postgres import pytestmark as needs_postgres
from tests.serving import start_server

KEY = {"X-API-Key": "sesame"}
TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def start_role(role: str, database: str, data: Path) -> Iterator[str]:
    """The address of a server with this role, which is also its machine name."""
    log = "json" if role == "worker" else "none"  # both write to one file
    with start_server(data, role=role, database=database, keys=str(data / "keys"), machine=role, log=log) as url:
        yield url


def request_json(url: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    all_headers = KEY | {n.replace("_", "-"): v for n, v in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, all_headers), timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@needs_postgres
@pytest.mark.timeout(180)  # two servers start
def test_one_takes_jobs_and_the_other_does_them(address: str, tmp_path: Path, mug: bytes) -> None:
    (tmp_path / "keys").write_text("sesame\n")
    with start_role("api", address, tmp_path) as api:
        all_headers = {"Content_Type": "image/jpeg", "Prefer": "respond-async"}
        all_headers["traceparent"] = f"00-{TRACE}-b7ad6b7169203331-01"
        status, job = request_json(f"{api}/v1/cutouts?empty=keep", mug, **all_headers)
        assert status == 202
        time.sleep(1.5)
        assert request_json(f"{api}{job['links']['self']}")[1]["state"] == "queued"
        with start_role("worker", address, tmp_path) as worker:
            assert request_json(f"{worker}/v1/cutouts", mug)[0] == 404
            for _ in range(600):
                state = request_json(f"{api}{job['links']['self']}")[1]["state"]
                if state == "done":
                    break
                time.sleep(0.1)
            assert state == "done"
            (usage,) = request_json(f"{api}/v1/usage")[1]["usage"]
            assert usage["pictures"] == 1
    events = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(e["trace_id"], e["status"]) for e in events if e["event"] == "job"] == [(TRACE, "ok")]


@pytest.mark.parametrize("role", ["api", "worker", "boss"])
def test_roles_need_a_database(role: str) -> None:
    with pytest.raises(UsageError, match="ROLE"):
        load_settings({"MATTEBOX_SERVER_ROLE": role})
