"""Limits of callers over HTTP: quotas under concurrent requests, dead addresses, and the size of uploads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mattebox.errors import InputMissing
from mattebox.io import url_fetch
from mattebox.server.api_keys import JOBS_SCOPE, PICTURES_SCOPE, create_key
from mattebox.server.app import create_app
from mattebox.server.settings import Settings

QUOTA = 3


@pytest.fixture(scope="module")
def limited_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server whose only key has a quota."""
    folder = tmp_path_factory.mktemp("data")
    keys = Path(folder) / "keys"
    _, secret = create_key(keys, "shop", (PICTURES_SCOPE, JOBS_SCOPE), 500, QUOTA)
    settings = Settings(
        model="fast", workers=1, data=str(folder), keys=str(keys), max_upload=50_000, urls=True,
    )  # fmt: skip
    with TestClient(create_app(settings), headers={"X-API-Key": secret}) as client:
        yield client


def test_addresses_that_never_answer_hold_up_nothing_else(
    limited_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, fetches = threading.Event(), limited_client.app.state.mattebox.fetch_threads  # type: ignore[attr-defined]

    def fetch_nothing(*_: object) -> bytes:
        answers.wait(30)
        raise InputMissing("nothing came", "check the address")

    def send(_: int) -> int:
        return limited_client.post("/v1/cutouts", data={"image_url": "https://silent.example/"}).status_code

    monkeypatch.setattr(url_fetch, "fetch_url", fetch_nothing)
    with ThreadPoolExecutor(12) as executor:
        statuses = executor.map(send, range(12))
        try:
            while fetches.threads_in_use < fetches.max_per_caller:
                time.sleep(0.01)
            assert limited_client.get("/v1/jobs").status_code == 200
        finally:
            answers.set()
        assert set(statuses) == {422}


def test_requests_at_once_do_not_exceed_the_quota(limited_client: TestClient, mug: bytes) -> None:
    def send(number: int) -> int:
        headers = {"Prefer": "respond-async"} if number % 2 else {}
        path, field = ("/v1.0/removebg", "image_file") if number % 3 == 0 else ("/v1/cutouts", "image")
        return limited_client.post(path, files={field: mug}, headers=headers).status_code

    with ThreadPoolExecutor(12) as executor:
        statuses = list(executor.map(send, range(12)))
    accepted = sum(status in (200, 202) for status in statuses)
    assert accepted <= QUOTA, statuses
    assert set(statuses) - {200, 202} <= {402, 429, 503}, statuses
    for number in range(accepted, QUOTA):  # a busy server may refuse some, and takes nothing from the quota for them
        assert send(number) in (200, 202), statuses
    assert send(1) in (402, 429)


@pytest.mark.parametrize(("path", "code"), [("/v1/cutouts", 413), ("/v1.0/removebg", 400), ("/v1/recipes:run", 413)])
def test_the_size_of_uploads_is_limited_on_all_routes(limited_client: TestClient, path: str, code: int) -> None:
    answer = limited_client.post(path, files={"image": bytes(40_000), "image_file": bytes(40_000)})
    assert answer.status_code == code
    assert "000 bytes" in answer.text
