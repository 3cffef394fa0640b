"""API and worker apart, on one Postgres: one takes jobs, the other does them, and what is used is counted together."""

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
from tests.serving import serving

KEY = {"X-API-Key": "sesame"}


@contextmanager
def playing(role: str, database: str, data: Path) -> Iterator[str]:
    """The address of a server that is only one of the two, named so among the machines."""
    with serving(data, role=role, database=database, keys=str(data / "keys"), machine=role) as url:
        yield url


def asked(url: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    told = KEY | {n.replace("_", "-"): v for n, v in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, told), timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@needs_postgres
def test_one_takes_jobs_and_the_other_does_them(address: str, tmp_path: Path, mug: bytes) -> None:
    (tmp_path / "keys").write_text("sesame\n")
    with playing("api", address, tmp_path) as api:
        told = {"Content_Type": "image/jpeg", "Prefer": "respond-async"}
        status, job = asked(f"{api}/v1/cutouts?empty=keep", mug, **told)
        assert status == 202
        time.sleep(1.5)
        assert asked(f"{api}{job['links']['self']}")[1]["state"] == "queued"
        with playing("worker", address, tmp_path) as worker:
            assert asked(f"{worker}/v1/cutouts", mug)[0] == 404
            for _ in range(200):
                state = asked(f"{api}{job['links']['self']}")[1]["state"]
                if state == "done":
                    break
                time.sleep(0.1)
            assert state == "done"
            (used,) = asked(f"{api}/v1/usage")[1]["usage"]
            assert used["pictures"] == 1


@pytest.mark.parametrize("role", ["api", "worker", "boss"])
def test_roles_need_a_database(role: str) -> None:
    with pytest.raises(UsageError, match="ROLE"):
        load_settings({"MATTEBOX_SERVER_ROLE": role})
