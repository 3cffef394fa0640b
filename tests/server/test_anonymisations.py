"""POST /v1/anonymisations, and the audit log of a server."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from mattebox.io.audit_log import read_entries, verify_log
from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from tests.server.conftest import decode_image

FACE = (slice(40, 80), slice(98, 128))  # rows and columns inside the face of `photo`


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.jsonl"


@pytest.fixture(scope="module")
def client(log: Path):  # type: ignore[no-untyped-def]
    settings = Settings(workers=1, threads=2, model="fast", data=str(log.parent / "data"), audit=str(log))
    with TestClient(create_app(settings)) as client:
        yield client


def test_faces_are_hidden_and_listed(client: TestClient, photo: bytes, log: Path) -> None:
    response = client.post("/v1/anonymisations", files={"image": photo}, data={"format": "png"})
    assert response.status_code == 200, response.text
    assert np.asarray(decode_image(response.content).convert("RGB"))[FACE].max() == 0
    made = json.loads(response.headers["X-Made"])
    assert made["objects"][0]["kind"] == "face"
    assert "hashes" not in made
    (entry,) = read_entries(log)
    assert entry.items() >= {"actor": "key:none", "action": "anonymise+save", "outcome": "ok"}.items()
    assert len(entry["input"]) == len(entry["output"]) == 64


def test_other_parameters_and_nothing_found(client: TestClient, photo: bytes, mug: bytes, log: Path) -> None:
    refused = client.post("/v1/anonymisations", files={"image": photo}, data={"sharpen": "80"})
    assert refused.status_code == 422
    assert "not for anonymising" in refused.json()["detail"]
    form = {"hide": "plates", "hide_require": "true"}
    nothing = client.post("/v1/anonymisations", files={"image": mug}, data=form)
    assert nothing.json()["code"] == "no_subject"
    last = list(read_entries(log))[-1]
    assert (last["outcome"], last["input"]) == ("no_subject", "")
    assert verify_log(log).fault == ""


def test_where_nothing_can_be_recorded_nothing_is_done(photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(workers=1, threads=1, model="fast", data=str(tmp_path), audit=str(tmp_path / "file" / "log"))
    with TestClient(create_app(settings)) as client:
        response = client.post("/v1/anonymisations", files={"image": photo})
    assert (response.status_code, response.json()["code"]) == (503, "no_audit")
