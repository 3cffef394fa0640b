"""Liveness, readiness and metrics."""

import pytest
from fastapi.testclient import TestClient

from mattebox.server.app import create_app
from mattebox.server.settings import Settings


def test_liveness_readiness_and_metrics(client: TestClient, mug: bytes) -> None:
    assert client.get("/livez").text == "ok"
    assert client.get("/readyz").status_code == 200
    client.post("/v1/cutouts", files={"image": mug})
    text = client.get("/metrics").text
    assert 'mattebox_requests_total{route="/v1/cutouts"' in text
    assert "mattebox_pixels_in_hand 0" in text


def test_not_ready_before_the_start() -> None:
    assert TestClient(create_app(Settings())).get("/readyz").status_code == 503


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/", "/v1/models", "/v1.0/account"])
def test_head_where_get_works(client: TestClient, path: str) -> None:
    answer, full = client.head(path), client.get(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == full.headers["content-type"]
    if path != "/metrics":  # it counts the request
        assert answer.headers["content-length"] == full.headers["content-length"]  # compressed, where GET is


def test_head_where_there_is_no_get(client: TestClient) -> None:
    answer = client.head("/v1/cutouts")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.post("/livez").headers["allow"] == "GET, HEAD"
